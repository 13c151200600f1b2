import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { writeFileSync } from 'node:fs'
import { LOAD_CORE } from '../lib/processes.mjs'

const run = promisify(execFile)

/** `wrk` over HTTP/1.1, one thread. Fails when an answer was not a 2xx or too short, or a connection broke. */
export async function wrk({ front, port, scenario, seconds, folder }) {
  const { request, expect, load } = scenario
  const script = join(folder, `${scenario.name}.lua`)
  writeFileSync(script, scriptOf(request))
  const url = `${front}://127.0.0.1:${port}${request.path}`
  const { stdout } = await run('taskset', ['-c', LOAD_CORE, 'wrk', '-t1', `-c${load.connections}`, `-d${seconds}s`, '-s', script, url])
  const errors = /Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1]
  if (errors !== undefined) throw new Error(`${errors} answers were failures`)
  const broken = /Socket errors: (.+)/.exec(stdout)?.[1]
  if (broken !== undefined && /(?:connect|read|write) [1-9]/.test(broken)) throw new Error(`connections broke: ${broken}`)
  const [, requests, bytes] = /requests-and-bytes (\d+) (\d+)/.exec(stdout) ?? []
  const count = Number(requests)
  if (Number(bytes) < count * expect.bytes) throw new Error(`${bytes} bytes for ${count} answers of ${expect.bytes}`)
  return { requests: count, perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]) }
}

function scriptOf({ method = 'GET', headers = {}, body, paths }) {
  const fields = Object.entries(headers).map(([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`)
  const lines = [`wrk.method = ${JSON.stringify(method)}`, ...fields]
  if (body !== undefined) lines.push(`wrk.body = ${JSON.stringify(body)}`)
  if (paths !== undefined) {
    lines.push(`local paths = {${paths.map((path) => JSON.stringify(path)).join(',')}}`, 'local at = 0')
    lines.push('request = function() at = at % #paths + 1 return wrk.format(nil, paths[at]) end')
  }
  lines.push('done = function(summary) io.write(string.format("requests-and-bytes %d %d\\n", summary.requests, summary.bytes)) end')
  return `${lines.join('\n')}\n`
}
