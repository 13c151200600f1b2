import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { assertBuilt } from '../../lib/build.mjs'
import { freePort } from '../../lib/free-port.mjs'
import { CACHE, ROOT } from '../../lib/workspace.mjs'

const children = new Set()
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')))

export { freePort }

/** Starts an instance of a service, by default on 127.0.0.1, and resolves when it listens. */
export function startService({ service, instance, host = '127.0.0.1', port, paths }) {
  return startProcess('service.mjs', [service, instance, host, String(port), ...paths])
}

/** The same with the kit for services: what it offers depends on its version, and it can be taken out of the rotation. */
export function startRollingService({ service, instance, port, version, operations }) {
  return startProcess('rolling-service.mjs', [service, instance, String(port), version, ...operations])
}

async function startProcess(program, args) {
  const child = fork(new URL(program, import.meta.url), args)
  children.add(child)
  child.once('exit', () => children.delete(child))
  await once(child, 'message')
  return child
}

function configuration({ port, admin, services }) {
  const entries = services.map((one) => `      - { name: ${one.service}, address: 127.0.0.1, port: ${one.port} }`)
  return [
    `server: { http_port: ${port}, admin_port: ${admin} }`,
    'discovery:',
    '  backend: static',
    '  static:',
    '    services:',
    ...entries,
    'farp: { enabled: true, watch_interval: 1s, route_linger: 2s }',
    '',
  ].join('\n')
}

/** Starts the octopus command over static services; its log goes to .cache/acceptance/<name>.log. */
export async function startGateway(name, services) {
  const [port, admin] = [await freePort(), await freePort()]
  startCommand(name, configuration({ port, admin, services }))
  return { url: `http://127.0.0.1:${port}`, admin: `http://127.0.0.1:${admin}` }
}

/** The same with a configuration of its own. */
export function startCommand(name, yaml) {
  const folder = join(CACHE, 'acceptance')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${name}.yaml`)
  writeFileSync(file, yaml)
  return startOctopus(name, ['--config', file])
}

/** Starts the octopus command with these arguments; its log goes to .cache/acceptance/<name>.log. A command that ends by itself ends the script. */
export function startOctopus(name, args) {
  assertBuilt('packages/cli')
  const log = openSync(join(CACHE, 'acceptance', `${name}.log`), 'w')
  const child = spawn(process.execPath, [join(ROOT, 'packages/cli/bin/octopus.js'), ...args], { stdio: ['ignore', log, log] })
  children.add(child)
  child.once('exit', (code) => {
    children.delete(child)
    if (code !== null) throw new Error(`the gateway ended with code ${code}; its log: ${join(CACHE, 'acceptance', `${name}.log`)}`)
  })
  return child
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 })

/** One GET: `{ status, body }`, or `{ error }`. Never rejects. */
export function request(url) {
  return new Promise((resolve) => {
    const call = get(url, { agent, timeout: 10_000 }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => (body += chunk))
      response.on('end', () => resolve({ status: response.statusCode, body }))
      response.on('error', (error) => resolve({ error: error.message }))
    })
    call.on('timeout', () => call.destroy(new Error('no answer within 10 s')))
    call.on('error', (error) => resolve({ error: error.message }))
  })
}

/** Asks until an answer fits. */
export async function until(what, url, fits, limit = 30_000) {
  const deadline = Date.now() + limit
  for (;;) {
    const answer = await request(url)
    if (fits(answer)) return answer
    if (Date.now() > deadline) throw new Error(`${what}: not within ${limit / 1000} s; last answer: ${JSON.stringify(answer)}`)
    await sleep(25)
  }
}

/** Runs GETs until `enough()`, at a concurrency, each client with a `pause` behind every answer, and keeps every answer that is not 200. */
export async function load({ urls, concurrency, enough, onDone, pause = 0 }) {
  let sent = 0
  let done = 0
  const failed = []
  const worker = async () => {
    while (!enough(sent)) {
      const url = urls[sent++ % urls.length]
      const answer = await request(url)
      if (answer.status !== 200) failed.push({ url, ...answer })
      done++
      onDone?.(done, answer)
      if (pause > 0) await sleep(pause)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return { done, failed }
}

/** Ends the script: prints what failed, or that nothing did. */
export function conclude({ done, failed }) {
  if (done === 0) throw new Error('no request was made')
  if (failed.length > 0) {
    console.error(`${failed.length} of ${done} requests failed: ${JSON.stringify(failed.slice(0, 5))}`)
    process.exit(1)
  }
  console.log(`ok   ${done} requests, none failed`)
}
