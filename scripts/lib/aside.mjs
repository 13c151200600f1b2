import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { digest } from './hash.mjs'
import { install } from './pnpm.mjs'
import { ROOT } from './workspace.mjs'

/**
 * Installs a folder with a package.json and a lockfile of its own, outside the workspace: packages that are too heavy for everybody's setup.
 * No package's install script runs. Resolves with whether there was anything to do.
 */
export async function installAside(folder) {
  const dir = join(ROOT, folder)
  // Inside node_modules, so that it goes when they go.
  const stamp = join(dir, 'node_modules', '.octopus-install')
  const key = digest([join(dir, 'package.json'), join(dir, 'pnpm-lock.yaml')], [process.platform, process.arch])
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === key) return false
  await install({ dir, flags: ['--ignore-workspace', '--ignore-scripts'] })
  mkdirSync(join(dir, 'node_modules'), { recursive: true })
  writeFileSync(stamp, key)
  return true
}
