import { once } from 'node:events'
import { Agent, request as send } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, startGateway, startRollingService, until } from './harness.mjs'

// Three instances of one service get a new version one after the other, as a deployment does it: out of the rotation, stopped, started anew at the same
// port. Version 2 has an operation more, one less, and one with another method. Two clients ask for all of them all the time.
const CONCURRENCY = 5
const VERSIONS = {
  '1.0.0': ['GET /shared', 'POST /shared', 'GET /removed', 'GET /changed'],
  '2.0.0': ['GET /shared', 'POST /shared', 'GET /added', 'PUT /changed'],
}
const KINDS = {
  'GET /shared': 'both',
  'POST /shared': 'both',
  'GET /removed': 'old',
  'GET /changed': 'old',
  'GET /added': 'new',
  'PUT /changed': 'new',
}

const instances = await Promise.all(
  ['one', 'two', 'three'].map(async (instance) => ({ service: 'shop', instance, port: await freePort() })),
)
const start = (one, version) => startRollingService({ ...one, version, operations: VERSIONS[version] })
const processes = new Map()
for (const one of instances) processes.set(one, await start(one, '1.0.0'))
const gateway = await startGateway('rolling-deploy', instances)

/** One request; never rejects. A 404 of the gateway names no instance, one of a service does. */
function call(agent, operation) {
  const [method, path] = operation.split(' ')
  return new Promise((resolve) => {
    const fail = (error) => resolve({ error: error.message })
    const outgoing = send(`${gateway.url}/shop${path}`, { agent, method, timeout: 20_000 }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode, ...JSON.parse(text) }))
      response.on('error', fail)
    })
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer within 20 s')))
    outgoing.on('error', fail)
    outgoing.end()
  })
}

/** Where the deployment is: whether an operation of one version alone has to work, or may be refused by the gateway. */
const must = { both: true, old: true, new: false }
const counts = new Map()
const failed = []
const over = new AbortController()

function judge(operation, wasNeeded, answer) {
  const kind = KINDS[operation]
  const isRefused = answer.error === undefined && answer.status !== 200 && answer.instance === undefined
  const key = `${operation} ${answer.status === 200 ? `by ${answer.version}` : 'refused by the gateway'}`
  counts.set(key, (counts.get(key) ?? 0) + 1)
  const isRight = answer.status === 200 ? kind === 'both' || VERSIONS[answer.version].includes(operation) : isRefused
  // What was not needed when it was sent may be refused, and so may what is needed no more when its answer comes.
  const mayBeRefused = !wasNeeded || !must[kind]
  if (!isRight || (isRefused && !mayBeRefused)) failed.push({ operation, ...answer })
}

async function client() {
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY })
  const operations = Object.keys(KINDS)
  let sent = 0
  const worker = async () => {
    while (!over.signal.aborted) {
      const operation = operations[sent % operations.length]
      sent += 1
      const wasNeeded = must[KINDS[operation]]
      judge(operation, wasNeeded, await call(agent, operation))
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  agent.destroy()
  return sent
}

const viewOf = (answer, { port }) => {
  const [shop] = JSON.parse(answer.body).services
  return shop.instances.find(({ origin }) => origin === `http://127.0.0.1:${port}`)
}
const seen = (what, one, fits) => until(what, `${gateway.admin}/_/services`, (answer) => answer.status === 200 && fits(viewOf(answer, one)))

for (const one of instances) await seen(`${one.instance} serves`, one, (view) => view?.status === 'serving')
await until('GET /shop/shared answers', `${gateway.url}/shop/shared`, ({ status }) => status === 200)

const clients = [client(), client()]
const begin = performance.now()
await sleep(1000)
for (const [index, one] of instances.entries()) {
  if (index === instances.length - 1) must.old = false
  const old = processes.get(one)
  old.send('drain')
  await seen(`${one.instance} drains`, one, (view) => view?.status === 'draining')
  old.send('end')
  if (old.exitCode === null) await once(old, 'exit')
  processes.set(one, await start(one, '2.0.0'))
  await seen(`${one.instance} serves again`, one, (view) => view?.status === 'serving' && view.version === '2.0.0')
  await until('GET /shop/added answers', `${gateway.url}/shop/added`, ({ status }) => status === 200)
  must.new = true
  console.log(`     ${one.instance} runs version 2.0.0 after ${((performance.now() - begin) / 1000).toFixed(1)} s`)
  await sleep(1000)
}
await until('GET /shop/removed is gone', `${gateway.url}/shop/removed`, ({ status }) => status === 404)
over.abort()
const [first, second] = await Promise.all(clients)

for (const [key, count] of [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1))) console.log(`     ${key}: ${count}`)
if (failed.length > 0) {
  console.error(`${failed.length} of ${first + second} requests failed or reached the wrong version: ${JSON.stringify(failed.slice(0, 5))}`)
  process.exit(1)
}
for (const [operation, kind] of Object.entries(KINDS))
  for (const version of kind === 'both' ? Object.keys(VERSIONS) : [kind === 'old' ? '1.0.0' : '2.0.0'])
    if ((counts.get(`${operation} by ${version}`) ?? 0) < 20) throw new Error(`${operation} was hardly asked for while ${version} had it`)
console.log(
  `ok   a deployment of three instances under load: ${first} and ${second} requests of two clients, none failed, none reached a version without it`,
)
process.exit(0)
