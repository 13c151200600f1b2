import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { LOAD_CORE } from '../lib/processes.mjs'

const run = promisify(execFile)
const h2load = (args) => run('taskset', ['-c', LOAD_CORE, 'h2load', '-t1', ...args], { maxBuffer: 64 * 1024 * 1024 })

function requestArgs({ headers = {}, body }, folder, name) {
  const args = Object.entries(headers).map(([field, value]) => `-H${field}: ${value}`)
  if (body === undefined) return args
  const file = join(folder, `${name}.body`)
  writeFileSync(file, body)
  return [...args, '-d', file]
}

/** `h2load` over HTTP/2. Fails when an answer was not a 2xx or too short, or a connection broke. */
export async function http2({ front, port, scenario, seconds, folder }) {
  const { request, expect, load } = scenario
  const url = `${front === 'h2' ? 'https' : 'http'}://127.0.0.1:${port}${request.path}`
  const shape = [`-c${load.connections}`, `-m${load.streams}`, `-D${seconds}`]
  const { stdout } = await h2load([...shape, ...requestArgs(request, folder, scenario.name), url])
  if (!stdout.includes('Application protocol: h2')) throw new Error('HTTP/2 was not spoken')
  const [, done, failed] = /requests: .* (\d+) done, .* (\d+) failed/.exec(stdout) ?? []
  const [, ok] = /status codes: (\d+) 2xx/.exec(stdout) ?? []
  const [, data] = /\((\d+)\) data/.exec(stdout) ?? []
  const count = Number(done)
  if (count === 0 || Number(failed) > 0 || Number(ok) < count) throw new Error(`${count} answers, ${failed} failed, ${ok} with 2xx`)
  if (Number(data) < count * expect.bytes) throw new Error(`${data} bytes for ${count} answers of ${expect.bytes}`)
  return { requests: count, perSecond: Number(/finished in .*?, ([\d.]+) req\/s/.exec(stdout)[1]) }
}

/** HTTP/1.1 at a constant rate: milliseconds of every answer, ascending. */
export async function constantRate({ port, request, rate, connections, seconds, folder }) {
  const log = join(folder, 'latencies')
  rmSync(log, { force: true })
  const shape = ['--h1', `-c${connections}`, `--rps=${rate / connections}`, `-D${seconds}`, '--warm-up-time=1', `--log-file=${log}`]
  await h2load([...shape, ...requestArgs(request, folder, 'rate'), `http://127.0.0.1:${port}${request.path}`])
  return latenciesOf(log)
}

function latenciesOf(log) {
  const answers = readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((row) => row.split('\t').map(Number))
  const failed = answers.filter(([, status]) => status !== 200).length
  if (failed > 0) throw new Error(`${failed} of ${answers.length} answers were failures`)
  return answers.map(([, , micros]) => micros / 1000).sort((a, b) => a - b)
}
