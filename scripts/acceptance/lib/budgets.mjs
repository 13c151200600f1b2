import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../lib/workspace.mjs'

// bench/RESULTS.md records a figure for every scenario that has a budget, and for the transfers.
const WANTED = [
  ['head lane without metrics and log, against nginx and @fastify/http-proxy', /metrics and (access )?log off|without metrics/i],
  ['head lane with metrics and access log', /metrics (\+|and) (access )?log\b/i],
  ['POST 1 KiB', /POST 1 ?KiB/i],
  ['GET 64 KiB', /64 ?KiB/i],
  ['web lane', /web lane/i],
  ['route match at 10,000 routes', /10[,. ]?000 routes/i],
  ['p99 added at 3,000 requests/s', /p99/i],
  ['resident memory', /RSS|resident/i],
  ['2 GB upload and download', /2 ?GB/i],
  ['the comparison with nginx', /nginx/i],
  ['the comparison with @fastify/http-proxy', /fastify/i],
]

const path = join(ROOT, 'bench/RESULTS.md')
if (!existsSync(path)) throw new Error('bench/RESULTS.md is missing; npm run bench writes it')
const lines = readFileSync(path, 'utf8').split('\n')
for (const [what, pattern] of WANTED) {
  const line = lines.find((one) => pattern.test(one) && /\d/.test(one))
  console.log(line === undefined ? `FAIL no figure for: ${what}` : `ok   ${what}`)
  if (line === undefined) process.exitCode = 1
}
