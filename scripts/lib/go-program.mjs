import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { capture, tail } from './run.mjs'
import { Stop } from './say.mjs'
import { CACHE } from './workspace.mjs'

/** Who has caches of his own for Go names them in the environment; otherwise they are inside the checkout. */
const CACHES = { GOMODCACHE: join(CACHE, 'interop', 'go', 'modules'), GOCACHE: join(CACHE, 'interop', 'go', 'build') }

function environment() {
  const flags = `${process.env.GOFLAGS ?? ''} -mod=mod -modcacherw`.trim()
  return { ...CACHES, ...process.env, GOFLAGS: flags, GOWORK: 'off', CGO_ENABLED: '0' }
}

async function go(args, cwd) {
  const { code, output } = await capture('go', args, { cwd, env: environment() }).catch((error) => {
    if (error.code !== 'ENOENT') throw error
    throw new Stop('there is no Go here')
  })
  if (code !== 0) throw new Stop(`"go ${args.join(' ')}" ended with ${code}:\n${tail(output, 8)}`)
  return output
}

/**
 * Builds the program of a Go module with the versions of dependencies that it asks for, unless it is there. `name` is that of the program, `main` the
 * package of the module that holds it; parts of the module's repository that it names with `v0.0.0` are taken in the version `parts`; `variables` are set
 * at linking. Resolves with its path, and rejects with `Stop` where that cannot be done on this machine.
 */
export async function goProgram({ name, module, version, main = module, parts, variables = {} }) {
  const dir = join(CACHE, 'interop', `${name}-${version}`)
  const path = join(dir, name)
  if (existsSync(path)) return path
  const around = join(CACHE, 'interop')
  mkdirSync(around, { recursive: true })
  const told = await go(['mod', 'download', '-json', `${module}@v${version}`], around)
  // What it says on the way stands before.
  const { GoMod } = JSON.parse(told.slice(told.indexOf('{')))
  const manifest = readFileSync(GoMod, 'utf8')
  // A module that requires it has none of its replacements by neighbouring folders, which a download does not hold.
  const replaced =
    parts === undefined ? [] : [...manifest.matchAll(/^\t(\S+) v0\.0\.0$/gm)].map(([, part]) => `${part} => ${part} v${parts}`)
  const lines = [
    'module interop',
    /^go .*$/m.exec(manifest)[0],
    `require ${module} v${version}`,
    ...replaced.map((line) => `replace ${line}`),
  ]
  mkdirSync(dir, { recursive: true })
  writeFileSync(join(dir, 'go.mod'), `${lines.join('\n')}\n`)
  const linked = ['-s', '-w', ...Object.entries(variables).map(([variable, value]) => `-X ${variable}=${value}`)].join(' ')
  await go(['build', '-trimpath', `-ldflags=${linked}`, '-o', `${path}.new`, main], dir)
  renameSync(`${path}.new`, path)
  return path
}
