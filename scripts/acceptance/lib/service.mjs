import { createServer } from 'node:http'

// A FARP service for load tests, run with fork(): node service.mjs <service> <instance> <host> <port> <path>...
// It answers every path below its service with its instance's name; which paths it documents can be changed by a message: ['/a', '/b'].
const [service, instance, host, port, ...first] = process.argv.slice(2)
let paths = first

const operation = (path) => ({
  get: { operationId: path.slice(1), responses: { 200: { description: 'The instance that answered' } } },
})
const openapi = () => ({
  openapi: '3.1.0',
  info: { title: service, version: '1.0.0' },
  paths: Object.fromEntries(paths.map((path) => [path, operation(path)])),
})
const manifest = () => ({
  version: '1.0.0',
  service_name: service,
  service_version: '1.0.0',
  instance_id: instance,
  schemas: [{ type: 'openapi', spec_version: '3.1.0', location: { type: 'http', url: `http://${host}:${port}/openapi.json` } }],
  capabilities: ['rest'],
  endpoints: { health: '/health' },
})

function answer(path) {
  if (path === '/_farp/manifest') return manifest()
  if (path === '/openapi.json') return openapi()
  return { instance }
}

createServer((request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(answer(request.url)))
}).listen(Number(port), host, () => process.send('listening'))

process.on('message', (next) => (paths = next))
process.on('disconnect', () => process.exit())
