import './lib/node-version.mjs'
import { copyFileSync, readdirSync, rmSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { LICENCES } from './lib/build.mjs'
import { Stop, main, say } from './lib/say.mjs'
import { capture, tail } from './lib/run.mjs'
import { fetchPackages, pnpmCommand } from './lib/pnpm.mjs'
import { prepare } from './lib/prepare.mjs'
import { ROOT } from './lib/workspace.mjs'

/** What a running gateway never reads: sources, and what pnpm and packages keep for those who work on them. */
const SPARE = /^\.|\.(?:map|md|d\.[cm]?ts|[cm]?ts|cc?|h|gypi?)$/
/** Whoever passes a package on passes on its licence. */
const LICENCE = /^(?:licen[cs]e|copying|notice)/i
const SPARE_FOLDERS = new Set(['test', 'tests', 'examples'])

function prune(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (LICENCE.test(entry.name)) continue
    if (SPARE.test(entry.name) || (entry.isDirectory() && isSpareFolder(folder, entry.name))) rmSync(path, { recursive: true })
    else if (entry.isDirectory()) prune(path)
  }
}

/** Compiled code for other systems is of no use either. */
const isSpareFolder = (parent, name) =>
  basename(parent) === 'prebuilds' ? name !== `${process.platform}-${process.arch}` : SPARE_FOLDERS.has(name)

// node scripts/image.mjs <folder>: the command with its production dependencies and nothing else, as the image has it. The folder must not exist.
// node scripts/image.mjs --fetch: the packages for it, from the lockfile alone: a layer that lasts until that changes.
await main(async () => {
  const [folder] = process.argv.slice(2)
  if (folder === undefined) throw new Stop('Name the folder to write: node scripts/image.mjs /app')
  if (folder === '--fetch') return fetchPackages()
  await prepare()
  const [node, ...args] = await pnpmCommand()
  const deploy = [
    '--filter',
    'octopus-gateway',
    'deploy',
    '--prod',
    '--legacy',
    '--config.node-linker=hoisted',
    '--prefer-offline',
    '--config.auto-install-peers=false',
    '--config.resolve-peers-from-workspace-root=false',
    resolve(folder),
  ]
  const { code, output } = await capture(node, [...args, ...deploy], { cwd: ROOT, env: { ...process.env, CI: 'true' } })
  if (code !== 0) throw new Stop(`${tail(output)}\n\nThe production installation could not be made; the lines above say why.`)
  prune(resolve(folder))
  for (const path of ['deploy/health.mjs', ...LICENCES]) copyFileSync(join(ROOT, path), join(resolve(folder), basename(path)))
  say(`${folder} is ready.`)
})
