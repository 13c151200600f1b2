import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PLACE } from './podman.mjs'

/** Stands in the settings of the build like the token of a private registry: no byte of it may come out. */
export const TOKEN = 'npm_0c7bd8a1f3e94d56b2'

const setting = (name) => spawnSync('npm', ['config', 'get', name], { encoding: 'utf8' }).stdout.trim()

/**
 * How this machine reaches the registry of npm, for the time of the build: arguments that lay its settings over the build stage. Podman
 * hands over the proxies by itself.
 */
export function npmSettings() {
  const files = [setting('globalconfig'), setting('userconfig')].filter((path) => existsSync(path))
  const lines = files.map((path) => readFileSync(path, 'utf8'))
  const cafile = process.env.NODE_EXTRA_CA_CERTS ?? setting('cafile')
  const hasCa = existsSync(cafile)
  lines.push(`registry=${setting('registry')}`, `//registry.invalid/:_authToken=${TOKEN}`)
  if (hasCa) lines.push('cafile=/root/ca.pem')
  const path = join(PLACE, 'npmrc')
  writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o600 })
  return ['--volume', `${path}:/root/.npmrc:ro`, ...(hasCa ? ['--volume', `${cafile}:/root/ca.pem:ro`] : [])]
}
