import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { digest, filesBelow } from './hash.mjs'
import { Stop, say, since } from './say.mjs'
import { CACHE, ROOT, readJson, runtimeDependencies, topological, workspacePackages } from './workspace.mjs'

const STAMPS = join(CACHE, 'build')
const SHARED = ['tsup.config.mjs', 'tsconfig.base.json', 'scripts/lib/build.mjs', 'pnpm-lock.yaml'].map((name) => join(ROOT, name))

/** Go into every published package, and into the image. */
export const LICENCES = ['LICENSE-MIT', 'LICENSE-APACHE']

/** What is built: every package and example with sources that Node cannot run as they are. */
function buildable() {
  const all = workspacePackages().filter(({ dir, manifest }) => {
    const sources = filesBelow(join(dir, 'src'), (path) => path.endsWith('.ts'))
    return sources.length > 0 && (manifest.exports !== undefined || manifest.scripts?.start !== undefined)
  })
  return topological(all)
}

/** Changes when a package's JavaScript would. Neighbours are not part of it: they are imported, not bundled. */
function sourceKey({ dir, manifest }, shared) {
  const sources = filesBelow(join(dir, 'src'), (path) => !path.endsWith('.test.ts'))
  const scripts = filesBelow(join(dir, 'scripts'))
  const config = existsSync(join(dir, 'tsconfig.json')) ? [join(dir, 'tsconfig.json')] : []
  const { name, exports, bin, scripts: commands } = manifest
  return digest([...sources, ...scripts, ...config], [shared, JSON.stringify({ name, exports, bin, commands })])
}

/** Every buildable package with its keys: `js` for its JavaScript, `types` for its declarations, which see its neighbours. */
function withKeys() {
  const shared = digest(SHARED)
  const types = new Map()
  return buildable().map((one) => {
    const js = sourceKey(one, shared)
    const neighbours = runtimeDependencies(one.manifest).map((name) => types.get(name) ?? '')
    types.set(one.manifest.name, digest([], [js, ...neighbours]))
    return { ...one, keys: { js, types: types.get(one.manifest.name) } }
  })
}

const stampOf = (one) => join(STAMPS, `${one.folder.replace('/', '-')}.json`)

function isCurrent(one, types) {
  if (!existsSync(stampOf(one)) || !existsSync(join(one.dir, 'dist'))) return false
  const stamp = readJson(stampOf(one))
  return stamp.js === one.keys.js && (!types || stamp.types === one.keys.types)
}

async function buildOne(tsup, optionsFor, { one, types }) {
  // tsup takes the package it builds from the working directory.
  process.chdir(one.dir)
  try {
    await tsup.build(optionsFor(one.dir, types))
    runAssetScript(one)
    if (types) for (const name of LICENCES) copyFileSync(join(ROOT, name), join(one.dir, 'dist', name))
  } catch (error) {
    throw new Stop(`${error.message ?? error}\n\n${one.folder} could not be built.`)
  } finally {
    process.chdir(ROOT)
  }
  mkdirSync(STAMPS, { recursive: true })
  writeFileSync(stampOf(one), JSON.stringify({ js: one.keys.js, types: types ? one.keys.types : null }))
}

/** A package may have files to put beside its JavaScript. */
function runAssetScript({ dir, folder }) {
  const script = join(dir, 'scripts', 'copy-assets.mjs')
  if (!existsSync(script)) return
  const { status, stderr } = spawnSync(process.execPath, [script], { cwd: dir, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${folder}/scripts/copy-assets.mjs failed: ${stderr}`)
}

/** Nobody imports an example. */
const isPublic = ({ manifest }) => manifest.private !== true

/** Builds what changed; resolves with the number of packages built. */
export async function build({ types = false } = {}) {
  const stale = withKeys().filter((one) => !isCurrent(one, types && isPublic(one)))
  if (stale.length === 0) return 0
  const start = performance.now()
  say(`Building ${stale.map((one) => one.folder).join(', ')}`)
  // Imported late: neither exists before the installation.
  const tsup = await import('tsup')
  const { optionsFor } = await import('../../tsup.config.mjs')
  const failures = []
  for (const one of stale)
    await buildOne(tsup, optionsFor, { one, types: types && isPublic(one) }).catch((error) => failures.push(error.message))
  if (failures.length > 0) throw new Stop(failures.join('\n\n'))
  say(`Built ${stale.length} ${stale.length === 1 ? 'package' : 'packages'} (${since(start)})`)
  return stale.length
}

/** The folders whose dist is missing or older than their sources: of the whole workspace, or of one folder and what it runs on. */
export function staleFolders(folder) {
  const all = withKeys()
  const wanted = folder === undefined ? all : closure(all, folder)
  return wanted.filter((one) => !isCurrent(one, false)).map((one) => one.folder)
}

function closure(all, folder) {
  const byName = new Map(all.map((one) => [one.manifest.name, one]))
  const found = new Set()
  const visit = (one) => {
    if (one === undefined || found.has(one)) return
    found.add(one)
    for (const name of runtimeDependencies(one.manifest)) visit(byName.get(name))
  }
  visit(all.find((one) => one.folder === folder))
  return [...found]
}

/** For everything that runs dist: says so when it is older than src, instead of running yesterday's code. */
export function assertBuilt(folder) {
  const stale = staleFolders(folder)
  if (stale.length > 0) throw new Stop(`dist is missing or older than src in ${stale.join(', ')}. Run "npm run setup" first.`)
}
