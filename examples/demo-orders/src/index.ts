import { serve } from '@hono/node-server'
import { farp } from '@octopus-gateway/farp-service'
import { Hono } from 'hono'

// A service on Hono. The kit makes its manifest: which instance this is, what it serves, and checksums that tell a gateway whether anything changed.
const port = Number(process.env['PORT'] ?? 8082)
const origin = `http://127.0.0.1:${port}`

type Status = 'open' | 'paid' | 'shipped'
interface Item {
  sku: string
  quantity: number
}
interface Order {
  id: string
  customer: string
  items: Item[]
  total: number
  status: Status
}

const prices = new Map([
  ['espresso', 12.5],
  ['filter', 10],
  ['grinder', 89],
])
const statuses: readonly Status[] = ['open', 'paid', 'shipped']
const orders = new Map<string, Order>([
  ['1001', { id: '1001', customer: 'ada', items: [{ sku: 'espresso', quantity: 2 }], total: 25, status: 'paid' }],
  ['1002', { id: '1002', customer: 'grace', items: [{ sku: 'grinder', quantity: 1 }], total: 89, status: 'open' }],
])

const json = (schema: string) => ({ 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } })
const invalid = { $ref: '#/components/responses/Invalid' }
const notFound = { $ref: '#/components/responses/NotFound' }
const openapi = {
  openapi: '3.1.0',
  info: { title: 'Orders', version: '2.0.1', description: 'Quotes and purchases.' },
  security: [],
  tags: [
    { name: 'quotes', description: 'Prices before buying' },
    { name: 'purchases', description: 'Orders that were placed' },
  ],
  paths: {
    '/quotes': {
      post: {
        operationId: 'quote',
        tags: ['quotes'],
        summary: 'What a list of items would cost',
        requestBody: { required: true, content: json('Basket') },
        responses: { 200: { description: 'The price', content: json('Quote') }, 422: invalid },
      },
    },
    '/purchases': {
      get: {
        operationId: 'listPurchases',
        tags: ['purchases'],
        summary: 'All purchases, or those with one status',
        parameters: [{ name: 'status', in: 'query', schema: { $ref: '#/components/schemas/Status' } }],
        responses: { 200: { description: 'The purchases', content: json('OrderList') }, 422: invalid },
      },
      post: {
        operationId: 'buy',
        tags: ['purchases'],
        summary: 'Place an order',
        requestBody: { required: true, content: json('NewOrder') },
        responses: { 201: { description: 'The order', content: json('Order') }, 422: invalid },
      },
    },
    '/purchases/{id}': {
      parameters: [{ $ref: '#/components/parameters/OrderId' }],
      get: {
        operationId: 'getPurchase',
        tags: ['purchases'],
        summary: 'One purchase',
        responses: { 200: { description: 'The order', content: json('Order') }, 404: notFound },
      },
      patch: {
        operationId: 'setStatus',
        tags: ['purchases'],
        summary: 'Change the status of a purchase',
        requestBody: { required: true, content: json('StatusChange') },
        responses: { 200: { description: 'The order', content: json('Order') }, 404: notFound, 422: invalid },
      },
    },
  },
  components: {
    parameters: { OrderId: { name: 'id', in: 'path', required: true, schema: { type: 'string' } } },
    responses: {
      NotFound: { description: 'No such order', content: json('Error') },
      Invalid: { description: 'The request does not fit the schema', content: json('Error') },
    },
    schemas: {
      Status: { enum: statuses },
      Item: {
        type: 'object',
        required: ['sku', 'quantity'],
        properties: { sku: { enum: [...prices.keys()] }, quantity: { type: 'integer', minimum: 1, maximum: 100 } },
      },
      ItemList: { type: 'array', minItems: 1, items: { $ref: '#/components/schemas/Item' } },
      Basket: { type: 'object', required: ['items'], properties: { items: { $ref: '#/components/schemas/ItemList' } } },
      Quote: { type: 'object', required: ['total'], properties: { total: { type: 'number' } } },
      NewOrder: {
        allOf: [{ $ref: '#/components/schemas/Basket' }, { required: ['customer'], properties: { customer: { type: 'string' } } }],
      },
      Order: {
        type: 'object',
        properties: {
          id: { type: 'string' },
          customer: { type: 'string' },
          items: { $ref: '#/components/schemas/ItemList' },
          total: { type: 'number' },
          status: { $ref: '#/components/schemas/Status' },
        },
      },
      OrderList: { type: 'array', items: { $ref: '#/components/schemas/Order' } },
      StatusChange: { type: 'object', required: ['status'], properties: { status: { $ref: '#/components/schemas/Status' } } },
      Error: { type: 'object', required: ['error'], properties: { error: { type: 'string' } } },
    },
  },
}

function toItems(items: unknown): Item[] | undefined {
  if (!Array.isArray(items) || items.length === 0) return undefined
  const fits = items.every(({ sku, quantity }) => prices.has(sku) && Number.isInteger(quantity) && quantity >= 1 && quantity <= 100)
  return fits ? items.map(({ sku, quantity }) => ({ sku, quantity })) : undefined
}
const cost = (items: Item[]) => items.reduce((sum, { sku, quantity }) => sum + (prices.get(sku) ?? 0) * quantity, 0)
const refuse = { error: 'The request does not fit the schema.' }

const service = farp({ name: 'orders', version: 'v2.0.1', openapi, routing: { tags: ['shop'] } })

const app = new Hono()
app.use(service.hono)
app.onError((_error, c) => c.json(refuse, 422))
app.post('/quotes', async (c) => {
  const items = toItems((await c.req.json()).items)
  return items === undefined ? c.json(refuse, 422) : c.json({ total: cost(items) })
})
app.get('/purchases', (c) => {
  const status = c.req.query('status') as Status | undefined
  if (status !== undefined && !statuses.includes(status)) return c.json(refuse, 422)
  return c.json([...orders.values()].filter((order) => status === undefined || order.status === status))
})
app.post('/purchases', async (c) => {
  const body = await c.req.json()
  const items = toItems(body.items)
  if (items === undefined || typeof body.customer !== 'string') return c.json(refuse, 422)
  const order: Order = { id: String(1001 + orders.size), customer: body.customer, items, total: cost(items), status: 'open' }
  orders.set(order.id, order)
  return c.json(order, 201)
})
app.get('/purchases/:id', (c) => {
  const order = orders.get(c.req.param('id'))
  return order === undefined ? c.json({ error: 'There is no such order.' }, 404) : c.json(order)
})
app.patch('/purchases/:id', async (c) => {
  const order = orders.get(c.req.param('id'))
  if (order === undefined) return c.json({ error: 'There is no such order.' }, 404)
  const { status } = await c.req.json()
  if (!statuses.includes(status)) return c.json(refuse, 422)
  order.status = status
  return c.json(order)
})

serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, () => console.log(`orders on ${origin}`))
