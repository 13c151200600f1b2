import './lib/node-version.mjs'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { checkout, seenOf } from './acceptance/lib/image/context.mjs'
import { inherit } from './lib/run.mjs'
import { main, say, since, Stop } from './lib/say.mjs'
import { npmSettings } from './acceptance/lib/image/npm-settings.mjs'
import { prepare } from './lib/prepare.mjs'
import { assertTools, clear, PLACE, podman } from './acceptance/lib/image/podman.mjs'
import { sizeOver, wrongConfig, wrongFiles } from './acceptance/lib/image/image-checks.mjs'
import { standIn } from './acceptance/lib/image/stand-in.mjs'

const IMAGE = 'localhost/octopus-gateway'
const RUNNING = fileURLToPath(new URL('acceptance/lib/image/running.mjs', import.meta.url))

function judge(what, wrong) {
  if (wrong.length > 0) throw new Stop(`FAIL ${what}:\n  ${wrong.join('\n  ')}`)
  say(`ok   ${what}`)
}

async function build(context, base) {
  const start = performance.now()
  const how = ['--isolation', 'chroot', '--format', 'docker', '--layers=false', '--build-arg', `NODE_IMAGE=${base}`]
  await podman('build', ...how, ...npmSettings(), '--tag', IMAGE, context)
  say(`ok   the Dockerfile builds over ${base} (${since(start)})`)
}

/** In a network of its own, where the ports of the image are free whatever the machine runs. */
const run = () => inherit('unshare', ['--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', process.execPath, RUNNING, IMAGE])

// npm run test:image [-- node:22-alpine]: builds the image and runs it. Without a base from a registry one is made of this machine's Node.
await main(async () => {
  const [given] = process.argv.slice(2)
  assertTools()
  await prepare()
  await clear()
  mkdirSync(PLACE, { recursive: true })
  try {
    const context = checkout()
    const { files, stray } = await seenOf(context)
    judge(`the builder sees ${files.length} files, and nothing that only lies in the checkout`, stray)
    const base = given ?? (await standIn())
    await build(context, base)
    const { megabytes, wrong } = await sizeOver(IMAGE, base)
    judge(`it lays ${megabytes.toFixed(1)} MB over its base`, wrong)
    judge('user, ports, health check and command are as documented', await wrongConfig(IMAGE))
    judge('it holds what runs and its licences: no source, no tool, no setting of the build', await wrongFiles(IMAGE, base))
    const code = await run()
    if (code !== 0) throw new Stop('FAIL the image does not run as it should; the lines above say why.')
  } finally {
    await clear()
  }
})
