import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig } from '@octopus-gateway/config'
import { ConfigError, formatIssue } from '@octopus-gateway/core'
import { testCertificates } from '@octopus-gateway/testing'
import ts from 'typescript'
import { assertBuilt } from '../../scripts/lib/build.mjs'
import { root } from './process.ts'
import { commandsOf, type Snippet } from './snippets.ts'

const folder = join(root, '.cache/snippets')
const BCRYPT = `$2b$12$${'a'.repeat(53)}`
const SMALLEST = 'discovery: { backend: static, static: { services: [] } }\n'
const COMMANDS = new Set(['version', 'validate', 'routes', 'discover', 'farp', 'schema', 'init', '--help', '--version', '--config', '-c'])
/** Leading words of commands that have nothing in this repository to be checked against. */
const FOREIGN = /^(git clone|cd|mkdir|npm install|npm init|npx octopus-gateway|kill|docker) /

function write(name: string, text: string): string {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const fileName = (snippet: Snippet, extension: string) => `${snippet.where.replace(/[^\w]+/g, '-')}.${extension}`

/** A block that says which file it is has to be in that file, line by line. */
function checkSource(snippet: Snippet, path: string): string[] {
  if (!existsSync(join(root, path))) return [`${snippet.where}: there is no file ${path}`]
  return readFileSync(join(root, path), 'utf8').includes(snippet.text) ? [] : [`${snippet.where} differs from ${path}`]
}

/** A value that a variable of this name could have. */
function exampleOf(name: string): string {
  if (name.endsWith('_HASH')) return BCRYPT
  // Short secrets are refused.
  if (name.endsWith('_TOKEN')) return 'example-'.repeat(8)
  return name.endsWith('_SECRET') ? 'example '.repeat(8) : 'example'
}

/** The files that configurations of documents name. */
function companions(): void {
  const { ca, server } = testCertificates()
  write('ca.pem', ca)
  write('cert.pem', server.cert)
  write('key.pem', server.key)
  mkdirSync(join(folder, 'plugins'), { recursive: true })
  const any = "{ '~standard': { version: 1, vendor: 'example', validate: (value) => ({ value }) } }"
  write(
    'plugins/stamp.js',
    `import { definePlugin } from '@octopus-gateway/core'\nexport default definePlugin({ name: 'stamp', config: ${any}, setup: () => ({}) })\n`,
  )
}

async function checkYaml(snippet: Snippet): Promise<string[]> {
  companions()
  const path = write(fileName(snippet, 'yaml'), snippet.text)
  const paths = snippet.note === 'part' ? [write('smallest.yaml', SMALLEST), path] : [path]
  const variables = [...snippet.text.matchAll(/\$\{(\w+)\}/g)].map((match) => [match[1]!, exampleOf(match[1]!)])
  try {
    await loadConfig(paths, { env: Object.fromEntries(variables), import: (name) => import(/* @vite-ignore */ name) })
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.issues.map((issue) => `${snippet.where}: ${formatIssue(issue)}`)
  }
}

/** Compiles a block with the repository's own settings, with the published names of its packages. */
function compile(snippet: Snippet): string[] {
  const path = write(fileName(snippet, 'ts'), `${snippet.text}export {}\n`)
  const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), (name) => ts.sys.readFile(name))
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const program = ts.createProgram([path], { ...options, noEmit: true, noUnusedLocals: false, noUncheckedIndexedAccess: false })
  const source = program.getSourceFile(path)
  return ts
    .getPreEmitDiagnostics(program, source)
    .map((found) => `${snippet.where}: ${ts.flattenDiagnosticMessageText(found.messageText, '\n')}`)
}

/** Runs a block as a program of its own, over the built packages, to its end. */
function run(snippet: Snippet): string[] {
  assertBuilt()
  const { outputText } = ts.transpileModule(snippet.text, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  })
  const path = write(fileName(snippet, 'mjs'), outputText)
  const { status, stderr } = spawnSync(process.execPath, [path], { cwd: root, encoding: 'utf8', timeout: 15_000 })
  return status === 0 ? [] : [`${snippet.where} does not run to its end: ${stderr || `status ${status}`}`]
}

/** The README's blocks are whole programs, as are those that say so; elsewhere a block may lean on the text around it. */
function checkTypeScript(snippet: Snippet): string[] {
  const problems = compile(snippet)
  const isProgram = snippet.note === 'program' || (snippet.where.startsWith('README.md:') && snippet.note !== 'types')
  return problems.length === 0 && isProgram ? run(snippet) : problems
}

function checkCommand(command: string): boolean {
  const [program, first, second] = command.replace(/^(\w+=\S+ )+/, '').split(/\s+/)
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
  if (program === 'npm' && (first === 'start' || first === 'test')) return first in scripts
  if (program === 'npm' && first === 'run') return second !== undefined && second in scripts
  if (program === 'npx' && first === 'octopus') return second === undefined || COMMANDS.has(second)
  if (program === 'node' || program === 'bash') return first !== undefined && existsSync(join(root, first))
  // Commands of curl to the demo are run end to end.
  return program === 'curl' || FOREIGN.test(`${command} `) || existsSync(join(root, program ?? ''))
}

function checkCommands(snippet: Snippet): string[] {
  return commandsOf(snippet.text)
    .filter((command) => !checkCommand(command))
    .map((command) => `${snippet.where}: nothing tests "${command}"`)
}

function checkJson(snippet: Snippet): string[] {
  try {
    JSON.parse(snippet.text)
    return []
  } catch (error) {
    return [`${snippet.where}: ${(error as Error).message}`]
  }
}

/** What is wrong with a block of a document; nothing when it does what the document says. */
export async function checkSnippet(snippet: Snippet): Promise<readonly string[]> {
  if (snippet.note?.startsWith('other, ')) return []
  if (snippet.note?.startsWith('source ')) return checkSource(snippet, snippet.note.slice('source '.length))
  switch (snippet.language) {
    case 'yaml':
      return checkYaml(snippet)
    case 'ts':
      return checkTypeScript(snippet)
    case 'bash':
    case 'sh':
    case 'console':
      return checkCommands(snippet)
    case 'json':
      return checkJson(snippet)
    default:
      return []
  }
}
