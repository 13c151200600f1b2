import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { circles } from './circles.mjs'
import { ROOT, readJson, workspacePackages } from '../lib/workspace.mjs'
import { importsOf, isTest, packageOf, shown, typescriptBelow, withoutComments } from './sources.mjs'

const SCOPE = '@octopus-gateway/'

/** What is loaded only where a configuration asks for it. */
const ASKED_FOR = [
  'discovery-consul',
  'discovery-dns',
  'discovery-etcd',
  'discovery-eureka',
  'discovery-file',
  'discovery-kubernetes',
  'discovery-mdns',
  'discovery-seeds',
  'farp',
  'plugins-jwt',
]

/** Which packages of this repository a package may depend on, and whose code it may name in its own. */
const ARROWS = {
  core: { dependencies: [] },
  node: { dependencies: ['core'] },
  'farp-digest': { dependencies: [] },
  'farp-service': { dependencies: ['farp-digest'] },
  farp: { dependencies: ['core', 'farp-digest'] },
  admin: { dependencies: ['core'] },
  testing: { dependencies: ['core'] },
  'plugins-jwt': { dependencies: ['core'] },
  'discovery-support': { dependencies: ['core'] },
  'kubernetes-client': { dependencies: ['core', 'discovery-support'] },
  'discovery-consul': { dependencies: ['core', 'discovery-support'] },
  'discovery-dns': { dependencies: ['core', 'discovery-support'] },
  'discovery-etcd': { dependencies: ['core', 'discovery-support'] },
  'discovery-eureka': { dependencies: ['core', 'discovery-support'] },
  'discovery-file': { dependencies: ['core'] },
  'discovery-kubernetes': { dependencies: ['core', 'discovery-support', 'kubernetes-client'] },
  'discovery-mdns': { dependencies: ['core', 'discovery-support', 'dns-sd'] },
  'discovery-seeds': { dependencies: ['core', 'discovery-support'] },
  'dns-sd': { dependencies: ['discovery-support'] },
  // config finds FARP, discovery backends and plugins by their names when a file asks for them; nobody pays for what a file does not use.
  config: {
    dependencies: ['core'],
    dynamic: ASKED_FOR,
  },
  cli: {
    dependencies: ['admin', 'config', 'core', 'node', ...ASKED_FOR],
    imports: ['admin', 'config', 'core', 'node'],
    dynamic: ASKED_FOR,
  },
}
const CORE_MAY_USE = ['hono', 'valibot', 'lru-cache']

/** Folders of core from the bottom up. A file imports code of its own rank and below; types may be named from anywhere. */
const RANKS = [
  [
    'errors.ts',
    'headers.ts',
    'time.ts',
    'same.ts',
    'suggest.ts',
    'slices.ts',
    'hash.ts',
    'latest.ts',
    'log',
    'store',
    'metrics',
    'exchange/head.ts',
    'routing/normalize.ts',
    'routing/hosts.ts',
  ],
  ['exchange'],
  ['plugin', 'routing', 'upstream', 'discovery'],
  ['snapshot', 'plugins'],
  ['options.ts', 'resolve-options.ts', 'gateway-types.ts', 'metrics/observe.ts', 'web', 'lane-host.ts', 'lane.ts'],
  ['gateway.ts'],
  ['index.ts', 'testing'],
]

function rankOf(path) {
  const inside = path.replaceAll('\\', '/').split('/packages/core/src/').at(-1)
  const candidates = RANKS.flatMap((names, rank) => names.map((name) => ({ name, rank })))
  const fitting = candidates.filter(({ name }) => inside === name || inside.startsWith(`${name}/`))
  return fitting.sort((a, b) => b.name.length - a.name.length)[0]?.rank
}

function checkManifest({ folder, manifest }, rules) {
  const own = Object.keys(manifest.dependencies ?? {})
  const problems = own
    .filter((name) => name.startsWith(SCOPE) && !rules.dependencies.includes(name.slice(SCOPE.length)))
    .map((name) => `${folder}/package.json depends on ${name}, against the arrows`)
  if (folder !== 'packages/core') return problems
  const strangers = own.filter((name) => !CORE_MAY_USE.includes(name))
  return [
    ...problems,
    ...strangers.map((name) => `packages/core/package.json depends on ${name}; core may use ${CORE_MAY_USE.join(', ')} only`),
  ]
}

function checkImport({ file, folder, manifest, rules }, { name, kind }) {
  if (name.startsWith('.')) return []
  if (name.startsWith('node:')) return folder === 'packages/core' ? [`${shown(file)} imports ${name}; core runs on every runtime`] : []
  const target = packageOf(name)
  if (target === manifest.name) return []
  const allowed = rules.imports ?? rules.dependencies
  const short = target.slice(SCOPE.length)
  if (target.startsWith(SCOPE) && !allowed.includes(short) && !(kind === 'dynamic' && rules.dynamic?.includes(short))) {
    return [`${shown(file)} imports ${target}, against the arrows`]
  }
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies }
  const byNameOnly = kind === 'dynamic' && rules.dynamic?.includes(short)
  return target in declared || byNameOnly ? [] : [`${shown(file)} imports ${target}, which ${folder}/package.json does not depend on`]
}

/** A test may use what its package or the workspace has for development. */
function checkTestImport({ file, folder, manifest, root }, { name }) {
  if (name.startsWith('.') || name.startsWith('node:')) return []
  const target = packageOf(name)
  const declared = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.peerDependencies, ...root.devDependencies }
  return target in declared || target === manifest.name
    ? []
    : [`${shown(file)} imports ${target}, which ${folder}/package.json does not name`]
}

function checkCoreFile(file) {
  const rank = rankOf(file)
  if (rank === undefined) return [`${shown(file)} has no place in the order of core's folders (scripts/check/arrows.mjs)`]
  const upwards = importsOf(file)
    .filter(({ name, kind }) => name.startsWith('.') && kind !== 'type')
    .map(({ name }) => resolve(dirname(file), name))
    .filter((target) => (rankOf(target) ?? -1) > rank)
    .map((target) => `${shown(file)} imports ${shown(target)}, upwards`)
  return [...upwards, ...checkBodies(file)]
}

/** Heads are ours, bodies are opaque: what a body is made of has no name where policies live. */
function checkBodies(file) {
  if (!/\/core\/src\/(exchange|plugin|routing)\//.test(file)) return []
  const found = /\b(ReadableStream|Readable|Buffer)\b/.exec(withoutComments(readFileSync(file, 'utf8')))
  return found === null ? [] : [`${shown(file)} names ${found[1]}; bodies are opaque there`]
}

/** What is never published: tests, and what only tests use. `src/testing` is a part of core's surface and nobody else's. */
function isForTests(file, one) {
  if (isTest(file) || file.endsWith('.fixture.ts') || file.startsWith(join(one.dir, 'test/'))) return true
  return file.startsWith(join(one.dir, 'src/testing/')) && one.manifest.exports?.['./testing'] === undefined
}

/** Every dependency and every import goes the way the architecture says, and none in a circle. */
export function arrows(checkout = ROOT) {
  const root = readJson(join(checkout, 'package.json'))
  const packages = workspacePackages(checkout).filter(({ folder }) => folder.startsWith('packages/'))
  return packages.flatMap((one) => {
    const rules = ARROWS[one.folder.slice('packages/'.length)]
    if (rules === undefined) return [`${one.folder} has no place among the arrows (scripts/check/arrows.mjs)`]
    const files = [...typescriptBelow(join(one.dir, 'src')), ...typescriptBelow(join(one.dir, 'test'))]
    const imports = files.flatMap((file) => {
      const check = isForTests(file, one) ? checkTestImport : checkImport
      return importsOf(file).flatMap((found) => check({ ...one, file, rules, root }, found))
    })
    const core = one.folder === 'packages/core' ? files.filter((file) => !isForTests(file, one)).flatMap(checkCoreFile) : []
    return [...checkManifest(one, rules), ...imports, ...core, ...circles(one, files)]
  })
}
