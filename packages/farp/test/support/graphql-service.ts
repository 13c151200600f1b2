import { createRequire } from 'node:module'
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import type { AddressInfo } from 'node:net'
import type { IncomingMessage, ServerResponse } from 'node:http'

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown

// Required, not imported: all have to share one copy of `graphql`, and the types of graphql-yoga bring the whole DOM into every other file.
const required = createRequire(import.meta.url)
const { buildSchema } = required('graphql') as { buildSchema(sdl: string): object }
const { createHandler } = required('graphql-http/lib/use/http') as { createHandler(options: object): Listener }
const { createSchema, createYoga } = required('graphql-yoga') as {
  createSchema(options: object): object
  createYoga(options: object): Listener
}

const TYPES = `
  type Query {
    book(id: ID!, edition: Int = 1): Book
  }
  type Book {
    title: String! @deprecated(reason: "use name")
    name: String!
  }
  type Subscription {
    added: Book
  }
`

/** A GraphQL service with a FARP manifest, on 127.0.0.1. */
export interface GraphqlService extends AsyncDisposable {
  readonly port: number
  /** Queries that came, by HTTP method. */
  readonly queries: string[]
  /** How often the manifest was asked for. */
  readonly looks: number
}

/** How it behaves. */
export interface GraphqlServiceOptions {
  readonly engine: 'yoga' | 'graphql-http'
  /** Where queries are answered. */
  readonly path?: string
  /** Members put over the manifest. */
  readonly manifest?: Readonly<Record<string, unknown>>
  /** Refuse introspection, as servers in production do. */
  readonly isSilent?: boolean
}

/** Starts a service named `books` whose queries are answered by a real server library; over WebSocket it echoes. */
export async function startGraphqlService({
  engine,
  path = '/graphql',
  manifest = {},
  isSilent = false,
}: GraphqlServiceOptions): Promise<GraphqlService> {
  const queries: string[] = []
  let looks = 0
  const answer = engineOf(engine, path)
  const server = createServer((request, response) => {
    if (request.url === '/_farp/manifest') {
      looks++
      return void response.setHeader('content-type', 'application/json').end(JSON.stringify({ service_name: 'books', ...manifest }))
    }
    if (request.url?.split('?')[0] !== path) return void response.writeHead(404).end()
    queries.push(request.method ?? '')
    if (isSilent) return void response.setHeader('content-type', 'application/json').end('{"errors":[{"message":"introspection is off"}]}')
    void answer(request, response)
  })
  const sockets = new WebSocketServer({ server, path })
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    queries,
    get looks() {
      return looks
    },
    async [Symbol.asyncDispose]() {
      for (const client of sockets.clients) client.terminate()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function engineOf(engine: GraphqlServiceOptions['engine'], path: string): Listener {
  const book = ({ id }: { readonly id: string }): object => ({ title: `book ${id}`, name: `book ${id}` })
  if (engine === 'yoga') {
    const schema = createSchema({
      typeDefs: TYPES,
      resolvers: { Query: { book: (_root: unknown, args: { readonly id: string }) => book(args) } },
    })
    return createYoga({ schema, graphqlEndpoint: path, logging: false })
  }
  return createHandler({ schema: buildSchema(TYPES), rootValue: { book } })
}
