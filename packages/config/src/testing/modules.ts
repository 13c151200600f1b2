/** Modules of plugins as files of a test folder. They import nothing: nobody could find packages from there. */

/** `check` is the body of a function of `config` that gives issues, or the validated value. */
function factory(name: string, check: string, more: string): string {
  return `
const schema = { '~standard': { version: 1, vendor: 'test', validate: (config) => { ${check} } } }
export const setups = []
const factory = (config) => ({
  name: '${name}', version: '1.0.0', identity: { name: '${name}', version: '1.0.0', config },
  setup() { setups.push(config); return {} },
})
export default Object.assign(factory, { pluginName: '${name}', config: schema${more} })
`
}

/** A plugin that takes everything. */
export function plainPlugin(name: string): string {
  return factory(name, 'return { value: config }', '')
}

/** A plugin that takes a `word` and a number `howMany`, and says the values of those it does not take. */
export function pickyPlugin(name: string): string {
  return factory(
    name,
    `const issues = []
     if (typeof config.word !== 'string') issues.push({ message: 'Expected string but received ' + config.word, path: [{ key: 'word' }] })
     if (config.word === 'bad') issues.push({ message: 'Received "bad"', path: ['word'] })
     if (config.howMany !== undefined && typeof config.howMany !== 'number') issues.push({ message: 'Expected number but received "' + config.howMany + '"', path: ['howMany'] })
     if (config.apiToken !== undefined) issues.push({ message: 'Not long enough: ' + config.apiToken, path: ['apiToken'] })
     for (const key of Object.keys(config)) if (!['word', 'howMany', 'apiToken'].includes(key)) issues.push({ message: 'Unknown key', path: [key] })
     return issues.length > 0 ? { issues } : { value: config }`,
    '',
  )
}

/** A plugin that can tell who a caller is. */
export function providerPlugin(name: string): string {
  return factory(
    name,
    'return { value: config }',
    `, provider: (config) => ({ name: '${name}', identity: { name: '${name}', version: '1.0.0', config }, setup: () => ({ scheme: 'Test', authenticate: () => null }) })`,
  )
}
