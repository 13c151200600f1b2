import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { farp } from '@octopus-gateway/farp-service'

// One instance of a service, with the kit that services use, run with fork(): node rolling-service.mjs <service> <instance> <port> <version> <operation>...
// It answers the operations that it was started with ("GET /shared"), each after a moment, and everything else with a 404 of its own; all with who it is.
// The message 'drain' takes it out of the rotation, 'end' lets it finish and stop.
const [name, instance, port, version, ...operations] = process.argv.slice(2)

const paths = {}
for (const operation of operations) {
  const [method, path] = operation.split(' ')
  paths[path] = { ...paths[path], [method.toLowerCase()]: { responses: { 200: { description: 'Who answered' } } } }
}
const service = farp({ name, version, instance_id: instance, openapi: { openapi: '3.1.0', info: { title: name, version }, paths } })

async function answer(request, response) {
  const operation = `${request.method} ${request.url}`
  request.resume()
  await sleep(5)
  const status = operations.includes(operation) ? 200 : 404
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ instance, version, operation }))
}

const server = createServer((request, response) => service.node(request, response, () => void answer(request, response)))
server.listen(Number(port), '127.0.0.1', () => process.send('listening'))

process.on('message', (message) => {
  if (message === 'drain') service.update({ status: 'draining' })
  if (message === 'end') server.close(() => process.exit())
})
process.on('disconnect', () => process.exit())
