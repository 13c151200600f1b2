// Many FARP services in one process, each instance on a port of its own. Talks with its parent: ports first, then acts on what it is told.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'

const [services, operations, instances] = process.argv.slice(2).map(Number)
const generations = new Map()
/** Requests so far. */
const counts = { manifests: 0, documents: 0, byService: Array.from({ length: services }, () => 0) }

const documentOf = (service, generation) => {
  const paths = {}
  for (let i = 0; i < operations; i++) {
    const item = i % 4
    const resource = `/resource-${Math.floor(i / 4)}`
    const path = item < 2 ? resource : `${resource}/{id}`
    paths[path] ??= item < 2 ? {} : { parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }] }
    paths[path][['get', 'post', 'get', 'delete'][item]] = {
      operationId: `s${service}Op${i}`,
      summary: `Operation ${i} of service ${service}`,
      tags: [`tag-${i % 5}`],
      responses: { 200: { description: 'ok', content: { 'application/json': { schema: { $ref: '#/components/schemas/Item' } } } } },
    }
  }
  if (generation > 0)
    paths[`/generation-${generation}`] = { get: { operationId: `s${service}G${generation}`, responses: { 200: { description: 'ok' } } } }
  const Item = { type: 'object', properties: { id: { type: 'string' }, name: { type: 'string' } } }
  return JSON.stringify({
    openapi: '3.1.0',
    info: { title: `Service ${service}`, version: `1.0.${generation}` },
    paths,
    components: { schemas: { Item } },
  })
}

const ports = []
for (let service = 0; service < services; service++) {
  generations.set(service, { number: 0, document: documentOf(service, 0), status: 'healthy' })
  for (let instance = 0; instance < instances; instance++) {
    const server = createServer((request, response) => {
      const { number, document, status } = generations.get(service)
      counts.byService[service] += 1
      if (request.url === '/_farp/manifest') {
        counts.manifests += 1
        const hash = createHash('sha256').update(document).digest('hex')
        response.end(
          JSON.stringify({
            version: '1.1.0',
            service_name: `service-${service}`,
            service_version: `1.0.${number}`,
            instance_id: `service-${service}-${instance}`,
            instance: { address: '', status: instance === 0 ? status : 'healthy' },
            schemas: [
              {
                type: 'openapi',
                spec_version: '3.1.0',
                location: { type: 'http', url: '/openapi.json' },
                content_type: 'application/json',
                hash,
              },
            ],
            capabilities: ['rest'],
            endpoints: { health: '/health', openapi: '/openapi.json' },
            routing: { strategy: 'service' },
          }),
        )
      } else if (request.url === '/openapi.json') {
        counts.documents += 1
        response.end(document)
      } else response.writeHead(404).end()
    })
    server.keepAliveTimeout = 60_000
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
    ports.push(server.address().port)
  }
}
process.on('message', ({ service, generation, status, counts: isAsked }) => {
  if (isAsked) {
    process.send(counts)
    return
  }
  const known = generations.get(service)
  generations.set(
    service,
    generation === undefined ? { ...known, status } : { ...known, number: generation, document: documentOf(service, generation) },
  )
  process.send({ done: true })
})
process.send({ ports })
