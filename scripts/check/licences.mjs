import { existsSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readJson, workspacePackages } from '../lib/workspace.mjs'

const ALLOWED = ['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD', 'BlueOak-1.0.0', 'Unlicense', 'CC0-1.0', 'Python-2.0']
/** Not a dependency of the published package, but its files are inside it. */
const SHIPPED = { '@octopus-gateway/admin': ['swagger-ui-dist'] }

/** Of alternatives one has to be allowed, of a conjunction all. */
function isAllowed(expression) {
  const plain = expression.replace(/[()]/g, ' ').trim()
  return plain.split(/\s+OR\s+/).some((choice) => choice.split(/\s+AND\s+/).every((licence) => ALLOWED.includes(licence.trim())))
}

function licenceOf(manifest) {
  if (typeof manifest.license === 'string') return manifest.license
  return manifest.license?.type ?? manifest.licenses?.map(({ type }) => type).join(' OR ') ?? 'none'
}

/** Where Node finds a package from a folder: there or in a folder above it. */
function locate(name, from) {
  for (let dir = from; ; dir = dirname(dir)) {
    const candidate = join(dir, 'node_modules', name)
    if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate)
    if (dir === dirname(dir)) return undefined
  }
}

function visit(name, from, seen) {
  const dir = locate(name, from)
  if (dir === undefined || seen.has(dir)) return
  const manifest = readJson(join(dir, 'package.json'))
  seen.set(dir, manifest)
  for (const next of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })) visit(next, dir, seen)
}

/** Everything that reaches a user's node_modules, or ships inside a package, has a licence that lets them use it. */
export function licences() {
  const seen = new Map()
  for (const { dir, manifest } of workspacePackages().filter((one) => !one.manifest.private)) {
    const names = [...Object.keys(manifest.dependencies ?? {}), ...(SHIPPED[manifest.name] ?? [])]
    for (const name of names) visit(name, dir, seen)
  }
  return [...seen.values()]
    .filter((manifest) => !isAllowed(licenceOf(manifest)))
    .map(
      (manifest) =>
        `${manifest.name}@${manifest.version} has the licence ${licenceOf(manifest)}, which is not on the list (scripts/check/licences.mjs)`,
    )
}
