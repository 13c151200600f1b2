import { farp } from '@octopus-gateway/farp-service'
import Fastify from 'fastify'

// A service on Fastify. The schemas that Fastify validates with are the components of its OpenAPI document: one truth.
const port = Number(process.env['PORT'] ?? 8083)
const origin = `http://127.0.0.1:${port}`

const category = { type: 'string', enum: ['coffee', 'equipment'] } as const
const sku = { type: 'string', pattern: '^[a-z0-9-]{1,40}$' } as const
const productFields = {
  sku,
  name: { type: 'string', minLength: 1 },
  category,
  price: { type: 'number', minimum: 0 },
} as const
const product = { type: 'object', required: ['sku', 'name', 'category', 'price'], properties: productFields } as const

interface Product {
  sku: string
  name: string
  category: 'coffee' | 'equipment'
  price: number
}
const products = new Map<string, Product>([
  ['espresso', { sku: 'espresso', name: 'Espresso beans, 500 g', category: 'coffee', price: 12.5 }],
  ['filter', { sku: 'filter', name: 'Filter roast, 500 g', category: 'coffee', price: 10 }],
  ['grinder', { sku: 'grinder', name: 'Hand grinder', category: 'equipment', price: 89 }],
])

const json = (schema: string) => ({ 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } })
const openapi = {
  openapi: '3.1.0',
  info: { title: 'Catalog', version: '1.4.0', description: 'What the coffee shop sells.' },
  security: [],
  tags: [
    { name: 'products', description: 'Things to buy' },
    { name: 'categories', description: 'Kinds of things' },
  ],
  paths: {
    '/products': {
      get: {
        operationId: 'listProducts',
        tags: ['products'],
        summary: 'Products, by category and up to a number',
        parameters: [
          { name: 'category', in: 'query', schema: { $ref: '#/components/schemas/Category' } },
          { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 100, default: 100 } },
        ],
        responses: { 200: { description: 'The products', content: json('ProductList') }, 400: { $ref: '#/components/responses/Invalid' } },
      },
    },
    '/products/{sku}': {
      parameters: [{ name: 'sku', in: 'path', required: true, schema: { $ref: '#/components/schemas/Sku' } }],
      get: {
        operationId: 'getProduct',
        tags: ['products'],
        summary: 'One product',
        responses: { 200: { description: 'The product', content: json('Product') }, 404: { $ref: '#/components/responses/NotFound' } },
      },
      put: {
        operationId: 'putProduct',
        tags: ['products'],
        summary: 'Add or replace a product',
        requestBody: { required: true, content: json('Product') },
        responses: { 200: { description: 'The product', content: json('Product') }, 400: { $ref: '#/components/responses/Invalid' } },
      },
    },
    '/categories': {
      get: {
        operationId: 'listCategories',
        tags: ['categories'],
        summary: 'Categories and how many products they hold',
        responses: { 200: { description: 'The categories', content: json('CategoryList') } },
      },
    },
  },
  components: {
    responses: {
      NotFound: { description: 'No such product', content: json('Error') },
      Invalid: { description: 'The request does not fit the schema', content: json('Error') },
    },
    schemas: {
      Sku: sku,
      Category: category,
      Product: {
        ...product,
        properties: { ...productFields, sku: { $ref: '#/components/schemas/Sku' }, category: { $ref: '#/components/schemas/Category' } },
      },
      ProductList: { type: 'array', items: { $ref: '#/components/schemas/Product' } },
      CategoryCount: {
        type: 'object',
        properties: { category: { $ref: '#/components/schemas/Category' }, products: { type: 'integer' } },
      },
      CategoryList: { type: 'array', items: { $ref: '#/components/schemas/CategoryCount' } },
      Error: { type: 'object', properties: { statusCode: { type: 'integer' }, error: { type: 'string' }, message: { type: 'string' } } },
    },
  },
}

const service = farp({ name: 'catalog', version: 'v1.4.0', openapi, isHealthy: () => products.size > 0 })

const app = Fastify()
await app.register(service.fastify)

const limit = { type: 'integer', minimum: 1, maximum: 100, default: 100 }
app.get<{ Querystring: { category?: string; limit: number } }>(
  '/products',
  { schema: { querystring: { type: 'object', properties: { category, limit } } } },
  ({ query }) =>
    [...products.values()].filter((one) => query.category === undefined || one.category === query.category).slice(0, query.limit),
)
app.get<{ Params: { sku: string } }>('/products/:sku', ({ params }, reply) => {
  const found = products.get(params.sku)
  return found ?? reply.code(404).send({ statusCode: 404, error: 'Not Found', message: 'There is no such product.' })
})
app.put<{ Params: { sku: string }; Body: Product }>(
  '/products/:sku',
  { schema: { params: { type: 'object', properties: { sku } }, body: product } },
  ({ params, body }) => {
    const stored = { ...body, sku: params.sku }
    products.set(params.sku, stored)
    return stored
  },
)
app.get('/categories', () =>
  category.enum.map((name) => ({ category: name, products: [...products.values()].filter((one) => one.category === name).length })),
)

await app.listen({ port, host: '127.0.0.1' })
console.log(`catalog on ${origin}`)
