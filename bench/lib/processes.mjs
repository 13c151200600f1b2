import { execFileSync, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** Starts a command on one core; `ready` is a loopback port that must answer before it counts as started. */
export async function start(command, args, { core, port, env = {}, stdout = 'ignore' }) {
  const child = spawn('taskset', ['-c', String(core), command, ...args], {
    stdio: ['ignore', stdout, 'inherit'],
    env: { ...process.env, ...env },
  })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  const failed = exited.then((code) => Promise.reject(new Error(`${command} ${args.join(' ')} ended with ${code} before it was ready`)))
  failed.catch(() => {})
  await Promise.race([failed, answers(port)])
  return {
    pid: child.pid,
    async stop() {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), 3000)
      await exited
      clearTimeout(timer)
    },
  }
}

async function answers(port) {
  for (let attempt = 0; attempt < 200; attempt++) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/`)
      await response.arrayBuffer()
      if (response.status === 200) return
    } catch {
      // Not listening yet: asked again below, and the last attempt throws.
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`Nothing answered 200 on port ${port}.`)
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

/** A free loopback port. */
export async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

export function versionOf(command, args) {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
      .trim()
      .split('\n')[0]
  } catch (error) {
    // nginx -v and wrk -v print to standard error, the latter with exit code 1.
    const text = `${error.stdout ?? ''}${error.stderr ?? ''}`.trim().split('\n')[0]
    if (text === '') throw error
    return text
  }
}
