import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from './build.mjs'
import { digest } from './hash.mjs'
import { install } from './pnpm.mjs'
import { say, since } from './say.mjs'
import { ROOT, workspacePackages } from './workspace.mjs'

// Inside node_modules, so that it goes when they go.
const STAMP = join(ROOT, 'node_modules', '.octopus-install')

/** Changes when an installation would give something else. */
function installKey() {
  const files = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', '.npmrc'].map((name) => join(ROOT, name))
  const manifests = workspacePackages().map(({ dir }) => join(dir, 'package.json'))
  return digest([...files, ...manifests], [process.versions.modules, process.platform, process.arch])
}

/** Whether every workspace package still has what its manifest names. */
function linksStand() {
  return workspacePackages().every(({ dir, manifest }) =>
    Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).every((name) => existsSync(join(dir, 'node_modules', name))),
  )
}

/** Installs and builds what changed since the last time. */
export async function prepare() {
  const start = performance.now()
  const key = installKey()
  const current = existsSync(STAMP) && readFileSync(STAMP, 'utf8') === key && linksStand()
  if (!current) {
    await install()
    mkdirSync(join(ROOT, 'node_modules'), { recursive: true })
    writeFileSync(STAMP, key)
  }
  const built = await build()
  say(current && built === 0 ? `Ready: nothing had changed (${since(start)})` : `Ready (${since(start)})`)
}
