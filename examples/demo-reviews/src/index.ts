import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { farp } from '@octopus-gateway/farp-service'

// A service whose manifest carries its OpenAPI document inline: one request tells a gateway everything.
const port = Number(process.env['PORT'] ?? 8084)
const origin = `http://127.0.0.1:${port}`

interface Review {
  stars: number
  text: string
}
const reviews = new Map<string, Review[]>([
  ['espresso', [{ stars: 5, text: 'Dark chocolate and a long finish.' }]],
  ['grinder', [{ stars: 4, text: 'Even grounds, small handle.' }]],
])

const json = (schema: string) => ({ 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } })
const openapi = {
  openapi: '3.1.0',
  info: { title: 'Reviews', version: '0.3.0', description: 'What customers say.' },
  security: [],
  tags: [
    { name: 'reviews', description: 'Opinions' },
    { name: 'ratings', description: 'Numbers' },
  ],
  paths: {
    '/products/{sku}/reviews': {
      parameters: [{ $ref: '#/components/parameters/Sku' }],
      get: {
        operationId: 'listReviews',
        tags: ['reviews'],
        summary: 'The reviews of a product',
        responses: { 200: { description: 'The reviews', content: json('ReviewList') } },
      },
      post: {
        operationId: 'addReview',
        tags: ['reviews'],
        summary: 'Review a product',
        requestBody: { required: true, content: json('Review') },
        responses: {
          201: { description: 'The review', content: json('Review') },
          422: { description: 'Not a review', content: json('Error') },
        },
      },
    },
    '/ratings': {
      get: {
        operationId: 'listRatings',
        tags: ['ratings'],
        summary: 'The average stars of every product',
        responses: { 200: { description: 'The ratings', content: json('RatingList') } },
      },
    },
  },
  components: {
    parameters: { Sku: { name: 'sku', in: 'path', required: true, schema: { type: 'string' } } },
    schemas: {
      Review: {
        type: 'object',
        required: ['stars', 'text'],
        properties: { stars: { type: 'integer', minimum: 1, maximum: 5 }, text: { type: 'string', maxLength: 500 } },
      },
      ReviewList: { type: 'array', items: { $ref: '#/components/schemas/Review' } },
      Rating: { type: 'object', properties: { sku: { type: 'string' }, stars: { type: 'number' } } },
      RatingList: { type: 'array', items: { $ref: '#/components/schemas/Rating' } },
      Error: { type: 'object', required: ['error'], properties: { error: { type: 'string' } } },
    },
  },
}

const service = farp({ name: 'reviews', version: 'v0.3.0', openapi, inline: true })

async function toReview(request: IncomingMessage): Promise<Review | undefined> {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk
    if (body.length > 5_000) return undefined
  }
  const { stars, text } = Object(JSON.parse(body)) as Partial<Review>
  if (!Number.isInteger(stars) || stars! < 1 || stars! > 5 || typeof text !== 'string' || text.length > 500) return undefined
  return { stars: stars!, text }
}

const average = (all: readonly Review[]) => all.reduce((sum, { stars }) => sum + stars, 0) / all.length

async function answer(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
  const path = new URL(request.url ?? '/', origin).pathname
  const sku = /^\/products\/([^/]+)\/reviews$/.exec(path)?.[1]
  if (request.method === 'POST' && sku !== undefined) {
    const review = await toReview(request).catch(() => undefined)
    if (review === undefined) return { status: 422, body: { error: 'A review has 1 to 5 stars and a text of at most 500 characters.' } }
    reviews.set(sku, [...(reviews.get(sku) ?? []), review])
    return { status: 201, body: review }
  }
  if (request.method !== 'GET') return { status: 404, body: { error: 'There is nothing here.' } }
  if (path === '/ratings') return { status: 200, body: [...reviews].map(([name, all]) => ({ sku: name, stars: average(all) })) }
  if (sku !== undefined) return { status: 200, body: reviews.get(sku) ?? [] }
  return { status: 404, body: { error: 'There is nothing here.' } }
}

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, body } = await answer(request)
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

createServer((request, response) => service.node(request, response, () => void respond(request, response))).listen(port, '127.0.0.1', () =>
  console.log(`reviews on ${origin}`),
)
