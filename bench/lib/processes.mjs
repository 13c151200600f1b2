import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** The process under test alone on the first core; backends and load share the second. */
export const SUBJECT_CORE = '0'
export const LOAD_CORE = '1'

/** Where Debian puts programs that are not on everybody's PATH. */
const PATH = `${process.env.PATH}:/usr/sbin:/usr/local/sbin:/sbin`

/**
 * Starts a program on some cores and resolves when its ports accept connections. What it prints goes to a file of its name in `folder`.
 * Rejects with the end of that file when the program ends first.
 */
export async function start(command, args, { name, core, ports, folder, env = {} }) {
  const log = join(folder, `${name}.log`)
  const out = openSync(log, 'w')
  const child = spawn('taskset', ['-c', core, command, ...args], { stdio: ['ignore', out, out], env: { ...process.env, PATH, ...env } })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  let isStopped = false
  const stop = async () => {
    isStopped = true
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 2000)
    await exited
    clearTimeout(timer)
  }
  try {
    const failed = exited.then((code) => Promise.reject(new Error(`${name} ended with ${code}: ${lastLines(log)}`)))
    failed.catch(() => {})
    await Promise.race([failed, Promise.all(ports.map((port) => accepts(port)))])
  } catch (error) {
    await stop()
    throw error
  }
  return {
    name,
    pid: child.pid,
    ports,
    log,
    stop,
    signal: (signal) => child.kill(signal),
    /** Throws when it has ended by itself. */
    mustLive() {
      if (!isStopped && (child.exitCode !== null || child.signalCode !== null))
        throw new Error(`${name} ended by itself: ${lastLines(log)}`)
    },
  }
}

function lastLines(log) {
  return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-4).join(' | ').slice(-600)
}

async function accepts(port) {
  const deadline = Date.now() + 20_000
  while (Date.now() < deadline) {
    const isOpen = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => resolve(false))
    })
    if (isOpen) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`Nothing listens on port ${port}.`)
}

/** CPU seconds used so far by a process and its children, from the OS. */
export function cpuSeconds(pid) {
  return treeOf(pid).reduce((sum, id) => sum + ownCpu(id), 0)
}

/** Resident memory of a process and its children, MiB. */
export function residentMiB(pid) {
  const kib = treeOf(pid).reduce((sum, id) => sum + Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0), 0)
  return kib / 1024
}

function ownCpu(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

function treeOf(pid) {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean),
  )
  return [pid, ...children.flatMap((child) => treeOf(Number(child)))]
}

export { freePort } from '../../scripts/lib/free-port.mjs'

/** Caddy makes a folder in the home folder even when it is only asked for its version. */
const HOME = join(import.meta.dirname, '../../.cache/bench/home')

/** The first line of what a program says about its version; `null` where there is no such program. */
export function versionOf(command, args) {
  mkdirSync(HOME, { recursive: true })
  try {
    return firstLine(
      execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PATH, HOME } }),
    )
  } catch (error) {
    if (error.code === 'ENOENT') return null
    // wrk -v ends with exit code 1.
    return firstLine(`${error.stdout ?? ''}${error.stderr ?? ''}`)
  }
}

function firstLine(text) {
  return text.trim().split('\n')[0]
}
