import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CACHE } from '../../lib/workspace.mjs'
import { conclude, freePort, load, request, startOctopus, startService, until } from './harness.mjs'

// 100 reloads, each by another way of changing files or of asking; every ninth is of a configuration that is wrong. Each good one brings a route of its
// own and takes away the one before, so that a reload is seen from outside.
const RELOADS = 100
const folder = join(CACHE, 'acceptance', 'reloads')
rmSync(folder, { recursive: true, force: true })
mkdirSync(join(folder, 'map'), { recursive: true })

const service = { service: 'steady', instance: 'steady-1', port: await freePort(), paths: [] }
await startService(service)
const [port, adminPort] = [await freePort(), await freePort()]
const [url, admin] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${adminPort}`]

const BASE = `server: { http_port: ${port}, host: 127.0.0.1, admin_port: ${adminPort} }
upstreams: [{ name: steady, instances: [{ address: 127.0.0.1, port: ${service.port} }] }]
`
const routes = (n) => `routes: [{ path: /stays, upstream: steady }, { path: /only-${n}, upstream: steady }]\n`
const plain = join(folder, 'plain.yaml')

/** As the kubelet changes a ConfigMap: a new folder, and one rename of a link. */
let published = 0
function publish(text) {
  const before = published++
  mkdirSync(join(folder, 'map', `..${published}`))
  writeFileSync(join(folder, 'map', `..${published}`, 'base.yaml'), text)
  symlinkSync(`..${published}`, join(folder, 'map/..data_tmp'))
  renameSync(join(folder, 'map/..data_tmp'), join(folder, 'map/..data'))
  rmSync(join(folder, 'map', `..${before}`), { recursive: true, force: true })
}

function rename(text) {
  writeFileSync(`${plain}.tmp`, text)
  renameSync(`${plain}.tmp`, plain)
}

publish(BASE)
symlinkSync('..data/base.yaml', join(folder, 'map/base.yaml'))
writeFileSync(plain, routes(0))
const gateway = startOctopus('reloads', ['-c', join(folder, 'map'), '-c', plain])
await until('the gateway answers', `${url}/stays`, ({ status }) => status === 200)

async function ask() {
  const answer = await fetch(`${admin}/_/reload`, { method: 'POST', headers: { 'content-type': 'application/json' } })
  await answer.body.cancel()
}

const WAYS = [
  { name: 'written over', change: (text) => writeFileSync(plain, text) },
  { name: 'renamed into place', change: rename },
  { name: 'swapped behind a link', change: (text) => publish(BASE + text), isMap: true },
  { name: 'SIGHUP', change: (text) => (writeFileSync(plain, text), gateway.kill('SIGHUP')) },
  { name: 'POST /_/reload', change: (text) => (writeFileSync(plain, text), ask()) },
]

async function refusals() {
  const { body } = await request(`${admin}/metrics`)
  return Number(/octopus_config_reloads_total\{result="refused"\} (\d+)/.exec(body)[1])
}

let finished = false
const running = load({ urls: [`${url}/stays`], concurrency: 10, enough: () => finished })
const took = new Map(WAYS.map(({ name }) => [name, []]))
let refused = 0
for (let n = 1; n <= RELOADS; n++) {
  const { name, change, isMap } = WAYS[n % WAYS.length]
  // Routes stand in one place at a time: in the map, or in the file over it.
  if (isMap) writeFileSync(plain, '# nothing\n')
  else if (WAYS[(n - 1) % WAYS.length].isMap) publish(BASE)
  const begin = performance.now()
  if (n % 9 === 0) {
    const before = await refusals()
    await change(`${routes(n)}surver: {}\n`)
    while ((await refusals()) === before) await new Promise((resolve) => setTimeout(resolve, 10))
    refused++
    if ((await request(`${url}/only-${n - 1}`)).status !== 200) throw new Error(`the bad configuration ${n} changed something`)
    continue
  }
  await change(routes(n))
  await until(`reload ${n}, ${name}`, `${url}/only-${n}`, ({ status }) => status === 200, 10_000)
  took.get(name).push(performance.now() - begin)
}
finished = true
const result = await running
for (const [name, times] of took) {
  const sorted = times.toSorted((a, b) => a - b)
  console.log(
    `     ${name}: ${sorted.length} reloads, seen after ${sorted[sorted.length >> 1].toFixed(0)} ms (median), ${sorted.at(-1).toFixed(0)} ms (longest)`,
  )
}
console.log(`ok   ${RELOADS - refused} configurations were taken, ${refused} bad ones refused while the last good one went on`)
conclude(result)
process.exit(0)
