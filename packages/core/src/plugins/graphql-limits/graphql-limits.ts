import { definePlugin } from '../../plugin/define.ts'
import { GatewayError } from '../../errors.ts'
import { measureQuery } from './measure.ts'
import { accepting, positive } from '../schema.ts'
import * as v from 'valibot'
import type { ErrorSpec } from '../../errors.ts'
import type { Hooks, PluginFactory } from '../../plugin/plugin.ts'
import type { StandardSchemaV1 } from '../../plugin/standard-schema.ts'

/** Options of `graphqlLimits`. */
export interface GraphqlLimits {
  /** Levels of fields that a query may have. Default: any. */
  readonly depth?: number | undefined
  /** Fields that a query may ask for, those of a fragment wherever it is spread. Default: any. */
  readonly fields?: number | undefined
  /** Whether WebSockets pass; queries inside them are not looked at. Default false: they are refused. */
  readonly websocket?: boolean | undefined
}

interface Settings {
  readonly depth: number
  readonly fields: number
  readonly websocket: boolean
}

const options = v.pipe(
  v.strictObject({ depth: v.optional(positive), fields: v.optional(positive), websocket: v.optional(v.boolean(), false) }),
  v.transform(({ depth = Infinity, fields = Infinity, websocket }): Settings => ({ depth, fields, websocket })),
)

/** Queries are texts; longer ones are attacks, or uploads that nobody can measure on their way. */
const MOST_BYTES = 1_048_576

const TOO_LARGE: ErrorSpec = { status: 400, source: 'client', retry: 'never', title: 'The query asks for more than the service allows' }

/**
 * Refuses GraphQL queries that are deeper, or ask for more fields, than a limit: by GET, and by POST as JSON (batches too) or `application/graphql`. What
 * cannot be measured (multipart uploads, encoded bodies, bodies beyond 1 MiB, texts that are no query) is refused. Queries that are only named, by a hash, pass.
 */
export const graphqlLimits: PluginFactory<StandardSchemaV1<GraphqlLimits | undefined, Settings>> = definePlugin({
  name: 'graphql-limits',
  version: '1.0.0',
  config: accepting<GraphqlLimits, Settings>(v.optional(options, {})),
  setup: (settings: Settings): Hooks => ({
    middleware: async function graphqlLimits(c, next): Promise<void> {
      for (const query of await queriesOf(c.req.raw)) check(query, settings)
      await next()
    },
    ...(settings.websocket ? { carries: ['websocket'] as const } : {}),
  }),
})

function check(query: string, { depth, fields }: Settings): void {
  const size = measureQuery(query)
  if (size === undefined) throw new GatewayError('BAD_REQUEST', 'the text is no GraphQL query that can be measured')
  if (size.depth > depth) throw tooLarge(`the query is ${size.depth} levels deep, of ${depth} that are allowed`)
  if (size.fields > fields) throw tooLarge(`the query asks for ${size.fields} fields, of ${fields} that are allowed`)
}

function tooLarge(message: string): GatewayError {
  return new GatewayError('QUERY_TOO_LARGE', message, undefined, TOO_LARGE)
}

/** Every text that a server may take for the query. */
async function queriesOf(request: Request): Promise<readonly string[]> {
  const inTarget = new URL(request.url).searchParams.getAll('query')
  if (request.body === null) return inTarget
  const coding = request.headers.get('content-encoding') ?? 'identity'
  const type = (request.headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase()
  if (coding !== 'identity' || type.startsWith('multipart/'))
    throw new GatewayError('BAD_REQUEST', 'a query in such a body cannot be measured')
  const text = await textOf(request.body)
  if (text === '') return inTarget
  if (type === 'application/graphql') return [...inTarget, text]
  if (type === 'application/x-www-form-urlencoded') return [...inTarget, ...new URLSearchParams(text).getAll('query')]
  return [...inTarget, ...queriesIn(text)]
}

function queriesIn(text: string): string[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new GatewayError('BAD_REQUEST', 'the body is not JSON')
  }
  return (Array.isArray(value) ? (value as unknown[]) : [value]).flatMap((one) => {
    const query = typeof one === 'object' && one !== null ? (one as { query?: unknown }).query : undefined
    return typeof query === 'string' ? [query] : []
  })
}

async function textOf(body: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for (const reader = body.getReader(); ;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    bytes += value.length
    if (bytes > MOST_BYTES) throw new GatewayError('BODY_TOO_LARGE')
    text += decoder.decode(value, { stream: true })
  }
}
