// node bench/transfer.mjs [--gigabytes 2] [--write]: one upload and one download through the gateway, and how far its memory grows meanwhile.
import { createServer, request } from 'node:http'
import { join } from 'node:path'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { freePort, residentMiB, start } from './lib/processes.mjs'
import { replaceSection } from './lib/report.mjs'

const { values } = parseArgs({ options: { gigabytes: { type: 'string', default: '2' }, write: { type: 'boolean', default: false } } })
const total = Number(values.gigabytes) * 1024 ** 3
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
const port = await freePort()
const gateway = await start(
  process.execPath,
  [join(import.meta.dirname, 'subjects', 'octopus.mjs'), String(port), String(backend.address().port), 'logged'],
  { core: 0, port },
)
let text = ''
let failed = false
try {
  // Buffers, code and pools come into being with the first requests; growth is counted from there.
  for (let i = 0; i < 200; i++) await (await fetch(`http://127.0.0.1:${port}/`)).arrayBuffer()
  for (const [name, transfer] of [
    ['upload', upload],
    ['download', download],
  ]) {
    const before = residentMiB(gateway.pid)
    let peak = before
    const watch = setInterval(() => (peak = Math.max(peak, residentMiB(gateway.pid))), 20)
    const startedAt = performance.now()
    const bytes = await transfer()
    clearInterval(watch)
    if (bytes !== total) throw new Error(`The ${name} carried ${bytes} bytes of ${total}.`)
    const grown = peak - before
    failed ||= grown >= LIMIT_MIB
    text += `| ${name} of ${values.gigabytes} GB | ${((performance.now() - startedAt) / 1000).toFixed(1)} s | ${before.toFixed(0)} MiB | ${peak.toFixed(0)} MiB | ${grown.toFixed(0)} MiB (${grown < LIMIT_MIB ? 'under' : 'NOT UNDER'} ${LIMIT_MIB}) |\n`
  }
} finally {
  await gateway.stop()
  backend.closeAllConnections()
  backend.close()
}
text = `\nNode ${process.version}. Memory is the resident set of the gateway's process, read every 20 ms.\n\n| transfer | time | before | peak | growth |\n|---|---|---|---|---|\n${text}\n`
process.stdout.write(text)
if (values.write) replaceSection(join(import.meta.dirname, 'RESULTS.md'), 'transfer', text)
process.exitCode = failed ? 1 : 0

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
