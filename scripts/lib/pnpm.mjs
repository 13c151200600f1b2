import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { Stop, say } from './say.mjs'
import { capture, tail } from './run.mjs'
import { CACHE, ROOT, readJson } from './workspace.mjs'

const BOOTSTRAP = join(ROOT, '.bootstrap')
const onWindows = process.platform === 'win32'

/** The version every command of this repository uses, named once: in the root's devDependencies. */
const pinned = () => readJson(join(ROOT, 'package.json')).devDependencies.pnpm

/** The script of a pnpm of the pinned version below `prefix`, or `undefined`. */
function installedAt(prefix) {
  const dir = join(prefix, 'node_modules', 'pnpm')
  if (!existsSync(join(dir, 'package.json'))) return undefined
  const manifest = readJson(join(dir, 'package.json'))
  return manifest.version === pinned() ? join(dir, manifest.bin.pnpm) : undefined
}

/** Temporary files go into the checkout as well. CI=true keeps pnpm from asking questions nobody sees. */
function environment() {
  const tmp = join(CACHE, 'tmp')
  mkdirSync(tmp, { recursive: true })
  return { ...process.env, CI: 'true', TMPDIR: tmp, TEMP: tmp, TMP: tmp }
}

async function bootstrap() {
  const version = pinned()
  say(`Fetching pnpm ${version} into .bootstrap/ (first run only)`)
  mkdirSync(BOOTSTRAP, { recursive: true })
  const flags = ['--no-save', '--no-audit', '--no-fund', '--no-update-notifier', '--ignore-scripts', '--loglevel=error']
  const args = ['install', '--prefix', BOOTSTRAP, '--cache', join(BOOTSTRAP, 'npm-cache'), ...flags, `pnpm@${version}`]
  // The folder, not the checkout, is where npm has to run: it would read the workspace's package.json otherwise.
  const { code, output } = await capture(onWindows ? 'npm.cmd' : 'npm', args, { cwd: BOOTSTRAP, shell: onWindows, env: environment() })
  const script = code === 0 ? installedAt(BOOTSTRAP) : undefined
  if (script === undefined) throw new Stop(`${tail(output)}\n\nnpm could not fetch pnpm ${version}. ${network(output)}`)
  return script
}

/** What to do about a failed download. */
function network(output) {
  return /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|ERR_SOCKET|ERR_PNPM_META_FETCH_FAIL/.test(output)
    ? 'The package registry cannot be reached. The first run needs it; check the network, the proxy settings and "npm config get registry", then run the command again.'
    : 'The lines above say why. Run the command again when that is mended.'
}

/** The store that made node_modules: another one would make pnpm remove and fetch everything. */
function storeInUse() {
  const state = join(ROOT, 'node_modules', '.modules.yaml')
  if (!existsSync(state)) return undefined
  const store = /^\s*"?storeDir"?: "?([^",\n]+)/m.exec(readFileSync(state, 'utf8'))?.[1]
  // A checkout that was moved still names the store of its old place.
  return store !== undefined && existsSync(store) ? store : undefined
}

/** Arguments that keep everything pnpm writes inside the checkout. */
function ownFolders() {
  const store = storeInUse()
  return [
    `--config.store-dir=${store === undefined ? join(BOOTSTRAP, 'store') : store.replace(/[/\\]v\d+$/, '')}`,
    `--config.cache-dir=${join(BOOTSTRAP, 'cache')}`,
    `--config.state-dir=${join(BOOTSTRAP, 'state')}`,
    '--config.update-notifier=false',
  ]
}

/** The command line of the pinned pnpm: `[node, script, ...folders]`. Fetches it when the machine has none. */
export async function pnpmCommand() {
  const script = installedAt(ROOT) ?? installedAt(BOOTSTRAP) ?? (await bootstrap())
  return [process.execPath, script, ...ownFolders()]
}

/** Installs what the lockfile of a folder says; of the workspace, unless another one is named. */
export async function install({ dir = ROOT, flags = [] } = {}) {
  say(dir === ROOT ? 'Installing packages' : `Installing packages of ${relative(ROOT, dir)}`)
  await run(['install', '--frozen-lockfile', ...flags], dir)
}

/** Fetches what the lockfile of the workspace names. Needs no manifest, and nothing of the packages. */
export async function fetchPackages() {
  say('Fetching packages')
  await run(['fetch'], ROOT)
}

async function run(command, cwd) {
  const [node, ...args] = await pnpmCommand()
  const { code, output } = await capture(node, [...args, ...command, '--reporter=append-only'], { cwd, env: environment() })
  if (code !== 0) throw new Stop(`${tail(output)}\n\npnpm could not ${command[0]} the packages. ${network(output)}`)
}
