import './lib/node-version.mjs'
import { copyFileSync, readdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Stop, main, say } from './lib/say.mjs'
import { capture, tail } from './lib/run.mjs'
import { pnpmCommand } from './lib/pnpm.mjs'
import { prepare } from './lib/prepare.mjs'
import { ROOT } from './lib/workspace.mjs'

/** What a running gateway never reads. */
const SPARE = /\.(?:map|md|d\.[cm]?ts|[cm]?ts)$/

function prune(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) prune(path)
    else if (entry.isFile() && SPARE.test(entry.name)) rmSync(path)
  }
}

// node scripts/image.mjs <folder>: the command with its production dependencies and nothing else, as the image has it. The folder must not exist.
await main(async () => {
  const [folder] = process.argv.slice(2)
  if (folder === undefined) throw new Stop('Name the folder to write: node scripts/image.mjs /app')
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
  copyFileSync(join(ROOT, 'deploy/health.mjs'), join(resolve(folder), 'health.mjs'))
  say(`${folder} is ready.`)
})
