// node bench/transfer.mjs [--gigabytes 2] [--write]: one upload and one download through the gateway, and how far its memory grows meanwhile.
import { createServer, request } from 'node:http'
import { join } from 'node:path'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { keep } from './lib/results.mjs'
import { machine, versions } from './lib/machine.mjs'
import { mkdirSync } from 'node:fs'
import { residentMiB } from './lib/processes.mjs'
import { SUBJECTS } from './subjects/index.mjs'
import { writeReport } from './lib/write-report.mjs'

const { values } = parseArgs({ options: { gigabytes: { type: 'string', default: '2' }, write: { type: 'boolean', default: false } } })
const total = Math.floor(Number(values.gigabytes) * 1024 ** 3)
const LIMIT_MIB = 50
const chunk = Buffer.alloc(64 * 1024, 'x')

const backend = createServer(async (req, res) => {
  if (req.method === 'GET' && req.url === '/') return res.end('ready')
  if (req.method === 'GET') {
    res.writeHead(200, { 'content-length': total })
    await pump(res)
    return res.end()
  }
  let bytes = 0
  for await (const piece of req) bytes += piece.length
  res.end(String(bytes))
})
await new Promise((resolve) => backend.listen(0, '127.0.0.1', resolve))
const folder = join(import.meta.dirname, '..', '.cache', 'bench')
mkdirSync(folder, { recursive: true })
const origin = `http://127.0.0.1:${backend.address().port}`
const gateway = await SUBJECTS.get('octopus').start({ folder, front: 'http', backend: { protocol: 'http', origins: [origin] } })
const { port } = gateway
const transfers = []
try {
  // Buffers, code and pools come into being with the first requests; growth is counted from there.
  for (let i = 0; i < 200; i++) await (await fetch(`http://127.0.0.1:${port}/`)).arrayBuffer()
  for (const [name, transfer] of Object.entries({ upload, download })) {
    const before = residentMiB(gateway.pid)
    let peak = before
    const watch = setInterval(() => (peak = Math.max(peak, residentMiB(gateway.pid))), 20)
    const startedAt = performance.now()
    const bytes = await transfer()
    clearInterval(watch)
    if (bytes !== total) throw new Error(`The ${name} carried ${bytes} bytes of ${total}.`)
    const seconds = (performance.now() - startedAt) / 1000
    transfers.push({ name: `${name} of ${values.gigabytes} GB`, seconds, before, peak, limit: LIMIT_MIB })
    console.log(`${name}: ${seconds.toFixed(1)} s, memory ${before.toFixed(0)} MiB, at most ${peak.toFixed(0)} MiB`)
  }
} finally {
  await gateway.stop()
  backend.closeAllConnections()
  backend.close()
}
if (values.write) {
  const date = new Date().toISOString().slice(0, 10)
  keep({ scenario: 'transfer', kind: 'transfer', date, machine: machine(), versions: versions(), data: { transfers } })
  await writeReport()
}
process.exitCode = transfers.some(({ before, peak, limit }) => peak - before >= limit) ? 1 : 0

async function upload() {
  const req = request({ port, host: '127.0.0.1', method: 'PUT', path: '/upload', headers: { 'content-length': total } })
  const answered = once(req, 'response')
  await pump(req)
  req.end()
  const [res] = await answered
  let body = ''
  for await (const piece of res) body += piece
  return Number(body)
}

async function download() {
  const req = request({ port, host: '127.0.0.1', path: '/download' }).end()
  const [res] = await once(req, 'response')
  let bytes = 0
  for await (const piece of res) bytes += piece.length
  return bytes
}

async function pump(stream) {
  for (let sent = 0; sent < total; sent += chunk.length) if (!stream.write(chunk)) await once(stream, 'drain')
}
