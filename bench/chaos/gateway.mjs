import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { FEATURES, configurationOf } from './configuration.mjs'
import { lastingPort } from './ports.mjs'
import { join } from 'node:path'
import { once } from 'node:events'
import { spawn, spawnSync } from 'node:child_process'

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const ROOT = join(import.meta.dirname, '../..')

/** Waits until something holds; throws after `limit` ms. */
export async function until(what, holds, limit = 20_000) {
  const deadline = performance.now() + limit
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${limit / 1000} s`)
    await sleep(25)
  }
}

/** The octopus command over instances, as processes that can be looked at from outside. */
export class Gateway {
  #child = null
  #variant = 0

  constructor({ folder, instances, script = join(ROOT, 'packages/cli/bin/octopus.js'), without = [] }) {
    Object.assign(this, { folder, instances, script, without })
    this.log = join(folder, 'gateway.log')
    this.file = join(folder, 'gateway.yaml')
    this.reports = join(folder, 'reports')
  }

  /** Finds out what this gateway can do: a key is asked for with `octopus validate`, reloading by trying it. */
  async probe() {
    mkdirSync(this.folder, { recursive: true })
    this.port = await lastingPort()
    this.admin = await lastingPort()
    this.features = []
    for (const name of Object.keys(FEATURES)) {
      if (this.without.includes(name)) continue
      this.write({ features: [...this.features, name] })
      const { status, stdout, stderr } = spawnSync(process.execPath, [this.script, 'validate', '--config', this.file], { encoding: 'utf8' })
      if (status === 0) this.features.push(name)
      else this.refusals = [...(this.refusals ?? []), `${name}: ${`${stderr}${stdout}`.trim().split('\n').slice(0, 3).join(' ')}`]
    }
  }

  write(how = {}) {
    const { port, admin, instances, features } = this
    writeFileSync(this.file, configurationOf({ port, admin, instances, features, variant: this.#variant, ...how }))
  }

  async start() {
    this.write()
    rmSync(this.reports, { recursive: true, force: true })
    const out = openSync(this.log, 'w')
    const env = { ...process.env, NODE_OPTIONS: `--import ${join(import.meta.dirname, 'inside.mjs')}`, OCTOPUS_CHAOS_REPORTS: this.reports }
    this.#child = spawn(process.execPath, [this.script, '--config', this.file], { stdio: ['ignore', out, out], env })
    process.once('exit', () => this.#child.kill('SIGKILL'))
    this.#child.once('exit', (code, signal) => (this.ended = `${code ?? signal}`))
    await until('the gateway answers', async () => {
      if (this.ended !== undefined) throw new Error(`the gateway ended (${this.ended}): ${readFileSync(this.log, 'utf8').slice(-600)}`)
      return (await this.ask('/_/health')) !== null
    })
    if (!this.without.includes('reload')) this.canReload = await this.#tryReload()
  }

  /** A process that knows nothing of SIGHUP ends of it: that is found out with one that nobody needs. */
  async #tryReload() {
    const [port, admin] = [await lastingPort(), await lastingPort()]
    const file = join(this.folder, 'probe.yaml')
    writeFileSync(
      file,
      configurationOf({ port, admin, instances: this.instances, features: this.features.filter((name) => name !== 'workers') }),
    )
    const child = spawn(process.execPath, [this.script, '--config', file], { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
    const exit = once(child, 'exit')
    await until('the gateway on trial starts', () => /gateway started/.test(output))
    child.kill('SIGHUP')
    await Promise.race([exit, until('it reloads', () => /configuration reloaded/.test(output), 5000).catch(() => {})])
    const can = child.exitCode === null && child.signalCode === null && /configuration reloaded/.test(output)
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    await exit
    return can
  }

  get pid() {
    return this.#child.pid
  }

  /** The processes that carry the traffic. */
  workers() {
    const children = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
    return this.features.includes('workers') ? children : [this.pid]
  }

  /** Another configuration in the file, and the signal. */
  reload({ broken = false } = {}) {
    if (!broken) this.#variant = 1 - this.#variant
    this.write({ broken })
    this.#child.kill('SIGHUP')
  }

  /** The answer of the admin API, or `null`. */
  async ask(path) {
    try {
      const answer = await fetch(`http://127.0.0.1:${this.admin}${path}`, { headers: { connection: 'close' } })
      return answer.headers.get('content-type')?.includes('json') ? await answer.json() : await answer.text()
    } catch (error) {
      if (error.cause?.code === undefined) throw error
      return null
    }
  }

  /** Requests that the gateway holds to be under way, by `/_/upstreams`. */
  async active() {
    const { upstreams } = await this.ask('/_/upstreams')
    return upstreams.flatMap(({ endpoints }) => endpoints).reduce((sum, { active }) => sum + (active ?? 0), 0)
  }

  /** Answers cut after their head, by `/metrics`; `null` where nothing counts them. */
  async cuts() {
    const lines = (await this.ask('/metrics')).split('\n').filter((line) => /^octopus_\w*cut\w*_total\b/.test(line))
    return lines.length === 0 ? null : lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
  }

  /** What each process looks like inside after its garbage is collected. */
  async inside() {
    const pids = [...new Set([this.pid, ...this.workers()])]
    return Promise.all(
      pids.map(async (pid) => {
        const file = join(this.reports, `${pid}.json`)
        rmSync(file, { force: true })
        process.kill(pid, 'SIGUSR2')
        await until(`process ${pid} tells of itself`, () => existsSync(file))
        return {
          pid,
          role: pid === this.pid && this.features.includes('workers') ? 'control' : 'worker',
          files: readdirSync(`/proc/${pid}/fd`).length,
          ...JSON.parse(readFileSync(file, 'utf8')),
        }
      }),
    )
  }

  /** Messages of the log, by how often they come. */
  messages() {
    const counts = new Map()
    for (const line of readFileSync(this.log, 'utf8').split('\n')) {
      if (!line.startsWith('{')) continue
      const { message, code, level } = JSON.parse(line)
      if (message === 'request processed') continue
      const key = `${level}: ${message}${code === undefined ? '' : ` (${code})`}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    return counts
  }

  async stop() {
    if (this.ended !== undefined) return
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 10_000)
    await exit
    clearTimeout(timer)
  }
}

/** Remote ports of the TCP connections that a process holds at its port. */
export function clientPortsOf(pid, port) {
  const inodes = new Set()
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    const link = linkOf(`/proc/${pid}/fd/${fd}`)
    if (link.startsWith('socket:[')) inodes.add(link.slice(8, -1))
  }
  const ports = new Set()
  for (const line of readFileSync(`/proc/${pid}/net/tcp`, 'utf8').split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/)
    if (fields.length < 10 || !inodes.has(fields[9])) continue
    if (Number.parseInt(fields[1].split(':')[1], 16) === port) ports.add(Number.parseInt(fields[2].split(':')[1], 16))
  }
  return ports
}

function linkOf(path) {
  try {
    return readlinkSync(path)
  } catch (error) {
    // It was closed between the listing and this.
    if (error.code === 'ENOENT') return ''
    throw error
  }
}
