import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { readJson, ROOT } from '../../../lib/workspace.mjs'
import { SECRET } from './context.mjs'
import { filesOf, holding } from './files.mjs'
import { TOKEN } from './npm-settings.mjs'
import { inspect, podman } from './podman.mjs'

const LIMIT_MB = 16
/** Nothing of these is needed to run. */
const SPARE = /\.(?:ts|map|md|c|cc|h)$|(?:^|\/)(?:\.[^/]*|tests?|__tests__|src\/.*\.ts)(?:\/|$)/
const LICENCE = /(?:^|\/)(?:licen[cs]e|copying|notice)[^/]*$/i

const equal = (what, seen, wanted) =>
  JSON.stringify(seen) === JSON.stringify(wanted) ? [] : [`${what}: ${JSON.stringify(seen)} instead of ${JSON.stringify(wanted)}`]
const none = (what, paths) => (paths.length === 0 ? [] : [`${paths.length} files ${what}: ${paths.slice(0, 5).join(', ')}`])

/** What an orchestrator reads of the image: a list of what is wrong. */
export async function wrongConfig(image) {
  const { Config, Healthcheck } = await inspect('image', image)
  const own = Config.Env.filter((one) => !one.startsWith('PATH='))
  return [
    ...equal('user', Config.User, '10001:10001'),
    ...equal('ports', Object.keys(Config.ExposedPorts), ['8080/tcp', '9090/tcp']),
    ...equal('entry point', Config.Entrypoint, ['node', '/app/bin/octopus.js']),
    ...equal('arguments', Config.Cmd, ['--config', '/etc/octopus/config.yaml']),
    ...equal('signal', Config.StopSignal ?? 'SIGTERM', 'SIGTERM'),
    ...equal('health check', Healthcheck?.Test, ['CMD', 'node', '/app/health.mjs']),
    ...equal('licence', Config.Labels['org.opencontainers.image.licenses'], 'MIT OR Apache-2.0'),
    ...equal('own environment', own.includes('NODE_ENV=production'), true),
    ...none(
      'of the environment that are not for the image',
      own.filter((one) => /^npm_|proxy|token|CA_CERTS/i.test(one)),
    ),
  ]
}

/** The size of what is laid over the base: `{ megabytes, wrong }`. */
export async function sizeOver(image, base) {
  const [whole, below] = [await inspect('image', image), await inspect('image', base)]
  const megabytes = (whole.Size - below.Size) / 1e6
  return { megabytes, wrong: megabytes < LIMIT_MB ? [] : [`${megabytes.toFixed(1)} MB, and ${LIMIT_MB} are allowed`] }
}

/** What is in the image: a list of what is wrong. */
export async function wrongFiles(image, base) {
  const [root, below] = [await podman('image', 'mount', image), await podman('image', 'mount', base)]
  const before = new Set(filesOf(below))
  const own = filesOf(root).filter((path) => !before.has(path))
  const tools = Object.keys(readJson(join(ROOT, 'package.json')).devDependencies)
  const kept = new Set(Object.keys(readJson(join(root, 'app/package.json')).dependencies))
  const isTool = (path) => tools.some((name) => !kept.has(name) && !isRuntime(name) && path.startsWith(`app/node_modules/${name}/`))
  const foreign = new RegExp(`/prebuilds/(?!${process.platform}-${process.arch}/)`)
  return [
    ...none(
      'outside of /app',
      own.filter((path) => !path.startsWith('app/')),
    ),
    ...none(
      'that nobody needs to run it',
      own.filter((path) => SPARE.test(path) && !LICENCE.test(path)),
    ),
    ...none('of tools of development', own.filter(isTool)),
    ...none(
      'for other systems',
      own.filter((path) => foreign.test(path)),
    ),
    ...none(
      'that somebody else than root may write',
      own.filter((path) => isOpen(lstatSync(join(root, path)))),
    ),
    ...none('with settings of the build or strays of the checkout', holding(root, own, [TOKEN, SECRET, '/src/packages'])),
    ...['app/LICENSE-MIT', 'app/LICENSE-APACHE', 'app/node_modules/jose/LICENSE.md']
      .filter((path) => !own.includes(path))
      .map((path) => `${path} is missing`),
  ]
}

/** Tools that the command itself uses as well. */
const isRuntime = (name) =>
  name.startsWith('@octopus-gateway/') || ['undici', 'hono', 'valibot', 'yaml', '@hono/node-server'].includes(name)

const isOpen = (stat) => stat.uid !== 0 || (!stat.isSymbolicLink() && (stat.mode & 0o022) !== 0)
