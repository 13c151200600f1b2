import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { closedPort } from '@octopus-gateway/testing'
import { load, request, startCommand, startService, until } from './harness.mjs'
import { canHaveNetwork, inOwnNetwork } from './own-network.mjs'
import { REGISTRIES } from './registries.mjs'

/** The registry that is drilled alone, in the network in which this runs then. */
const [ONLY] = process.argv.slice(2)

const OUTAGE_S = Number(process.env.OCTOPUS_OUTAGE_SECONDS ?? 60)
/** Nobody is asked again later than this after a failure. */
const LONGEST_PAUSE_S = 10
/** For what is to be done then, on a machine on which all of this runs at once. */
const ALLOWED_S = 5
const CONCURRENCY = 4
const PAUSE_MS = 20

/** Three instances of one service, and one of another: `{ service, port }`. All registries know the same ones. */
async function startInstances(host) {
  const all = []
  for (const [service, path] of [
    ['users', '/people'],
    ['users', '/people'],
    ['users', '/people'],
    ['stock', '/levels'],
  ]) {
    const port = await closedPort()
    await startService({ service, instance: `${service}-${port}`, host, port, paths: [path] })
    all.push({ service, port })
  }
  return all
}

/** `users 4711, users 4712`: what a gateway knows. */
async function knownTo(admin) {
  const { status, body } = await request(`${admin}/_/services`)
  if (status !== 200) return ''
  return linesOf(
    JSON.parse(body).services.flatMap(({ name, instances }) =>
      instances.map(({ origin }) => ({ service: name, port: new URL(origin).port })),
    ),
  )
}

/** What the gateway says of its provider. */
async function providerOf(admin) {
  const { body } = await request(`${admin}/_/services`)
  return JSON.parse(body).providers[0]
}

const linesOf = (instances) =>
  instances
    .map(({ service, port }) => `${service} ${port}`)
    .sort()
    .join()

/** The registry goes away under load, and comes back with other contents; then an instance goes. Gives the figures. */
async function drill(entry, [first, second, third, stock]) {
  const { name, seconds } = entry
  const registry = await entry.open([first, second])
  const [port, admin] = [await closedPort(), await closedPort()].map((one) => `127.0.0.1:${one}`)
  const server = `{ host: 127.0.0.1, http_port: ${port.split(':')[1]}, admin_port: ${admin.split(':')[1]} }`
  startCommand(`outage-${name}`, `server: ${server}\ndiscovery: ${registry.yaml}\nfarp: { enabled: true, watch_interval: 1s }\n`)
  await until(`${name}: the gateway serves`, `http://${port}/users/people`, ({ status }) => status === 200)
  let isOver = false
  const loading = load({ urls: [`http://${port}/users/people`], concurrency: CONCURRENCY, enough: () => isOver, pause: PAUSE_MS })
  await registry.stop()
  await sleep(OUTAGE_S * 1_000)
  const during = await knownTo(`http://${admin}`)
  const { state, age_seconds: age } = await providerOf(`http://${admin}`)
  const now = [second, third, stock]
  await registry.start(now)
  const allowed = LONGEST_PAUSE_S + seconds * 1.25 + ALLOWED_S
  const isThere = async () =>
    (await knownTo(`http://${admin}`)) === linesOf(now) && (await request(`http://${port}/stock/levels`)).status === 200
  const converged = await secondsUntil(isThere, allowed + 60)
  // One of them is taken out of the registry, and goes on to serve.
  const left = [third, stock]
  await registry.change(left)
  const allowedOut = seconds * 1.25 + ALLOWED_S
  const out = await secondsUntil(async () => (await knownTo(`http://${admin}`)) === linesOf(left), allowedOut + 60)
  isOver = true
  const { done, failed } = await loading
  await registry.close()
  return { name, done, failed, converged, allowed, out, allowedOut, kept: during === linesOf([first, second]), state, age }
}

/** How long it takes; `longest` is when nobody waits any more. */
async function secondsUntil(condition, longest) {
  const begun = performance.now()
  const seconds = () => (performance.now() - begun) / 1_000
  while (!(await condition()) && seconds() < longest) await sleep(25)
  return seconds()
}

/** Why a registry cannot be drilled here. */
function reasonAgainst(entry) {
  if ('needs' in entry && entry.needs === undefined) return 'its server is not installed (npm run test:components)'
  if ('link' in entry && ONLY === undefined && !canHaveNetwork()) return 'this machine allows no networks of their own (unshare -n, ip)'
  return undefined
}

const wanted = REGISTRIES.filter(({ name }) => ONLY === undefined || name === ONLY)
const skipped = wanted.flatMap((entry) => {
  const reason = reasonAgainst(entry)
  return reason === undefined ? [] : [{ entry, reason }]
})
for (const { entry, reason } of skipped) console.log(`skip ${entry.name}: ${reason}`)
const drilled = wanted.filter((entry) => skipped.every((one) => one.entry !== entry))
const isElsewhere = (entry) => 'link' in entry && ONLY === undefined
const elsewhere = drilled.filter(isElsewhere).map(({ name }) => inOwnNetwork(fileURLToPath(import.meta.url), name))
const here = drilled.filter((entry) => !isElsewhere(entry))
const instances = await startInstances(here[0].link?.address)
const figures = await Promise.all(here.map((registry) => drill(registry, instances)))
for (const { name, done, failed, converged, allowed, out, allowedOut, kept, state, age } of figures) {
  const isFine =
    done > OUTAGE_S * 2 &&
    failed.length === 0 &&
    kept &&
    state === 'failing' &&
    age >= OUTAGE_S / 2 &&
    converged <= allowed &&
    out <= allowedOut
  console.log(
    `${isFine ? 'ok  ' : 'FAIL'} ${name}: away for ${OUTAGE_S} s under load; ${done} requests, ${failed.length} failed; ` +
      `${kept ? 'the last instances kept' : 'instances lost'}, ${state} and ${age} s old at its end; converged ${converged.toFixed(1)} s after it was back (allowed: ${allowed.toFixed(1)} s); ` +
      `an instance taken out was out of rotation after ${out.toFixed(1)} s (allowed: ${allowedOut.toFixed(1)} s)`,
  )
  if (failed.length > 0) console.log(`     ${JSON.stringify(failed.slice(0, 3))}`)
  if (!isFine) process.exitCode = 1
}
if ((await Promise.all(elsewhere)).includes(false)) process.exitCode = 1
if (ONLY === undefined) console.log(`${drilled.length} backends drilled, ${skipped.length} skipped`)
process.exit()
