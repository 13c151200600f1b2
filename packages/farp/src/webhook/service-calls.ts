import { createHash, timingSafeEqual } from 'node:crypto'
import { adapterOf } from '../adapters/index.ts'
import { clean } from '../text.ts'
import { isObject, own, ownText, table } from '../json.ts'
import { readBody } from './body.ts'
import { readObject } from './message.ts'
import { SCHEMA_TYPES } from '../manifest/manifest.ts'
import { SchemaError } from '../schemas/parse.ts'
import type { Limits } from '../limits.ts'
import type { SchemaType } from '../adapters/adapter.ts'
import type { Snapshot } from '@octopus-gateway/core'
import type { WebhookSettings } from './settings.ts'

/** The service whose token a request shows, or `undefined`. Every token is compared, in constant time. */
export function serviceOf(request: Request, { tokens }: WebhookSettings): string | undefined {
  const shown = /^Bearer (.{1,1024})$/i.exec(request.headers.get('authorization') ?? '')?.[1]
  if (shown === undefined) return undefined
  const digest = digestOf(shown)
  let service: string | undefined
  for (const [name, token] of tokens) if (timingSafeEqual(digestOf(token), digest)) service = name
  return service
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** `POST {schema_type, schema}`: whether the gateway can use a schema, `{valid, errors}`. */
export async function validateSchema(request: Request, limits: Limits): Promise<Response> {
  if (request.method !== 'POST') return Response.json({ error: 'send POST' }, { status: 405, headers: { allow: 'POST' } })
  const body = await readBody(request, limits.schemaBytes)
  if (body === 'too large') return Response.json({ error: `a schema has at most ${limits.schemaBytes} bytes` }, { status: 413 })
  const asked = typeof body === 'string' ? body : readObject(body, limits)
  if (typeof asked === 'string') return Response.json({ error: asked }, { status: 400 })
  const type = ownText(asked, 'schema_type') ?? ''
  if (!SCHEMA_TYPES.has(type)) return Response.json({ error: `schema_type is one of ${[...SCHEMA_TYPES].join(', ')}` }, { status: 400 })
  return Response.json(await judged(type as SchemaType, own(asked, 'schema'), limits))
}

async function judged(type: SchemaType, schema: unknown, limits: Limits): Promise<{ valid: boolean; errors: readonly string[] }> {
  try {
    const adapter = await adapterOf(type)
    // A document that is a text (SDL, YAML) is read as it would be had from the service.
    const document = typeof schema === 'string' ? adapter.read(new TextEncoder().encode(schema), limits) : adapter.check(schema, limits)
    const { findings } = adapter.adapt(document, { limits, metadata: table(), endpoint: undefined })
    const errors = findings.filter(({ severity }) => severity === 'error').map(({ message }) => message)
    return { valid: errors.length === 0, errors }
  } catch (thrown) {
    if (!(thrown instanceof SchemaError)) throw thrown
    return { valid: false, errors: [clean(thrown.message)] }
  }
}

/** `GET`: what the gateway does with the service that asks, as far as its clients see it, too. */
export function configOf(service: string, snapshot: Snapshot | undefined): Response {
  const routes = (snapshot?.routes ?? []).filter((route) => route.service === service)
  const limit = (of: (route: (typeof routes)[number]) => number): number | null =>
    routes.length === 0 ? null : Math.max(...routes.map(of))
  const mounts = routes.map(({ meta, host, path }) => {
    const upstreamPath = isObject(meta) ? ownText(meta, 'upstreamPath') : undefined
    const isPrefixed = upstreamPath !== undefined && path.endsWith(upstreamPath)
    return (host ?? '') + (isPrefixed ? path.slice(0, -upstreamPath.length) : '')
  })
  return Response.json(
    {
      service,
      mounts: [...new Set(mounts)].sort(),
      routes: routes.length,
      timeouts_ms: {
        request: limit((route) => route.timeout),
        connect: limit((route) => route.connectTimeout),
        idle: limit((route) => route.idleTimeout),
      },
    },
    { headers: { 'cache-control': 'no-store' } },
  )
}
