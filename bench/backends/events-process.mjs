// Server-sent events: every stream gets ten a second. node events-process.mjs '{"port":…}'
import { createServer } from 'node:http'

const { port } = JSON.parse(process.argv[2])
const GROUPS = 10
const EVENT = `data: ${'x'.repeat(92)}\n\n`
const groups = Array.from({ length: GROUPS }, () => new Set())
let next = 0
const server = createServer((request, response) => {
  if (request.url !== '/events') return response.end('ready')
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  response.write(EVENT)
  const group = groups[next++ % GROUPS]
  group.add(response)
  response.on('close', () => group.delete(response))
})
server.listen(port, '127.0.0.1', 4096)

// One tenth of the streams at a time, so that events come evenly; a late timer is made up for, so that the rate is what it says.
const startedAt = performance.now()
let turn = 0
setInterval(() => {
  for (const due = ((performance.now() - startedAt) * GROUPS) / 100; turn < due; turn++)
    for (const response of groups[turn % GROUPS]) response.write(EVENT)
}, 100 / GROUPS)
