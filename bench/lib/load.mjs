import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** `wrk` on one core: requests answered, and a failure when any answer was not a 2xx or a connection broke. */
export async function wrk({ url, seconds, connections, core, script }) {
  const args = ['-c', String(core), 'wrk', '-t1', `-c${connections}`, `-d${seconds}s`, ...(script === undefined ? [] : ['-s', script]), url]
  const { stdout } = await run('taskset', args)
  const errors = /Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1]
  if (errors !== undefined) throw new Error(`${errors} answers of ${url} were failures: a proxy that errors is not fast.`)
  const socketErrors = /Socket errors: (.+)/.exec(stdout)?.[1]
  if (socketErrors !== undefined && /connect [1-9]|read [1-9]|write [1-9]/.test(socketErrors))
    throw new Error(`Connections to ${url} broke: ${socketErrors}`)
  return { requests: Number(/(\d+) requests in/.exec(stdout)[1]), perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]) }
}

/** `h2load` at a constant rate over HTTP/1.1: latencies in milliseconds, sorted. */
export async function constantRate({ url, rate, seconds, connections, core, folder }) {
  const dir = mkdtempSync(join(folder, 'rate-'))
  const log = join(dir, 'log')
  try {
    const perClient = rate / connections
    await run('taskset', [
      '-c',
      String(core),
      'h2load',
      '--h1',
      `-c${connections}`,
      `--rps=${perClient}`,
      `-D${seconds}`,
      '--warm-up-time=1',
      `--log-file=${log}`,
      url,
    ])
    const rows = readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split('\t').map(Number))
    const failed = rows.filter(([, status]) => status !== 200).length
    if (failed > 0) throw new Error(`${failed} of ${rows.length} answers of ${url} were failures.`)
    return rows.map(([, , micros]) => micros / 1000).sort((a, b) => a - b)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** A wrk script for a POST with a body of `bytes`. */
export function postScript(folder, bytes) {
  const path = join(folder, `post-${bytes}.lua`)
  writeFileSync(
    path,
    `wrk.method = "POST"\nwrk.body = string.rep("x", ${bytes})\nwrk.headers["Content-Type"] = "application/octet-stream"\n`,
  )
  return path
}
