import { createHash } from 'node:crypto'
import { grpcBinary } from '../merge/grpc/merge.ts'
import { MERGED_KINDS } from './federation.ts'
import type { Built, Federation } from './federation.ts'
import type { DocumentKind } from '@octopus-gateway/core'

/** Where merged documents are served, on whole segments; the second is how another gateway calls it. */
export const FEDERATED_PATHS = ['/_farp/federated', '/__/farp/federated'] as const

interface Form {
  readonly kind: DocumentKind
  readonly type: string
  readonly write: (built: Built) => string | Promise<Uint8Array<ArrayBuffer>>
}

const asJson = (kind: DocumentKind): Form => ({ kind, type: 'application/json', write: ({ merged }) => JSON.stringify(merged.document) })

const FORMS: ReadonlyMap<string, Form> = new Map<string, Form>([
  ...MERGED_KINDS.map((kind) => [`${kind}.json`, asJson(kind)] as const),
  ['grpc.binpb', { kind: 'grpc', type: 'application/x-protobuf', write: ({ merged }) => grpcBinary(merged.document) }],
  ['graphql', { kind: 'graphql', type: 'application/graphql; charset=utf-8', write: ({ merged }) => String(merged.document['sdl']) }],
])

interface Text {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly etag: string
}

/** Serves merged documents and what is to be said of them. */
export class FederatedEndpoint {
  readonly #federation: () => Federation | undefined
  readonly #texts = new WeakMap<Built, Map<string, Promise<Text>>>()

  /** `federation` is asked for with every request: a source may begin and end. */
  constructor(federation: () => Federation | undefined) {
    this.#federation = federation
  }

  /** Answers a request to a path below one of `FEDERATED_PATHS`. Rejects when merging fails. */
  async answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    const start = FEDERATED_PATHS.find((path) => pathname === path || pathname.startsWith(`${path}/`))
    const name = start === undefined ? '' : pathname.slice(start.length + 1)
    const form = FORMS.get(name)
    if (form === undefined && name !== 'summary') {
      const detail = `There are ${[...FORMS.keys(), 'summary'].join(', ')}.`
      return problem({ status: 404, code: 'NOT_FOUND', title: 'There is no such document', detail })
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const title = 'Only GET and HEAD are answered here'
      return problem({ status: 405, code: 'METHOD_NOT_ALLOWED', title, headers: { allow: 'GET, HEAD' } })
    }
    return form === undefined ? this.#summary(request) : this.#document(request, name, form)
  }

  async #document(request: Request, name: string, form: Form): Promise<Response> {
    const built = await this.#federation()?.of(form.kind)
    if (built === undefined) {
      const detail = 'No service that is routed has one, or all of them stay out.'
      return problem({ status: 404, code: 'NOTHING_FEDERATED', title: `There is no ${form.kind} document`, detail })
    }
    const texts = this.#texts.get(built) ?? new Map<string, Promise<Text>>()
    this.#texts.set(built, texts)
    const text = texts.get(name) ?? textOf(form.write(built))
    texts.set(name, text)
    return revalidated(request, await text, { type: form.type, builtAt: built.builtAt })
  }

  async #summary(request: Request): Promise<Response> {
    const federation = this.#federation()
    const all = new Map<DocumentKind, Built>()
    for (const kind of MERGED_KINDS) {
      const built = await federation?.of(kind)
      if (built !== undefined) all.set(kind, built)
    }
    const times = [...all.values()].map(({ builtAt }) => builtAt.getTime())
    const builtAt = times.length === 0 ? undefined : new Date(Math.max(...times))
    const conflicts = [...all].flatMap(([type, { merged }]) => merged.conflicts.map((conflict) => ({ schema: type, ...conflict })))
    const of = (pick: (built: Built) => unknown): object => Object.fromEntries([...all].map(([kind, built]) => [kind, pick(built)]))
    const summary = {
      built_at: builtAt?.toISOString() ?? null,
      ...Object.fromEntries(MERGED_KINDS.map((kind) => [`has_${kind}`, all.has(kind)])),
      included_services: of(({ merged }) => merged.included),
      excluded_services: of(({ merged }) => merged.excluded),
      total_conflicts: conflicts.length,
      // A summary of ten thousand conflicts is none.
      conflicts: conflicts.slice(0, 200),
      warnings: [...all.values()].flatMap(({ merged }) => merged.warnings).slice(0, 200),
    }
    const text = await textOf(JSON.stringify(summary))
    return revalidated(request, text, { type: 'application/json', builtAt })
  }
}

async function textOf(written: string | Promise<Uint8Array<ArrayBuffer>>): Promise<Text> {
  const bytes = typeof written === 'string' ? new TextEncoder().encode(written) : await written
  return { bytes, etag: `"${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}"` }
}

function revalidated(
  request: Request,
  { bytes, etag }: Text,
  { type, builtAt }: { readonly type: string; readonly builtAt: Date | undefined },
): Response {
  const headers = {
    'x-farp-federated': 'true',
    'cache-control': 'private, no-cache',
    etag,
    ...(builtAt === undefined ? {} : { 'x-farp-built-at': builtAt.toISOString() }),
  }
  // RFC 9110, section 13.1.2: weak comparison, `*` matches whatever is there.
  const asked = request.headers.get('if-none-match')?.split(',') ?? []
  if (asked.some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag))
    return new Response(null, { status: 304, headers })
  const body = request.method === 'HEAD' ? null : bytes
  return new Response(body, { headers: { ...headers, 'content-type': type, 'content-length': String(bytes.byteLength) } })
}

interface Problem {
  readonly status: number
  readonly code: string
  readonly title: string
  readonly detail?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** An RFC 9457 problem document. */
function problem({ status, code, title, detail, headers }: Problem): Response {
  const body = JSON.stringify({ type: 'about:blank', title, status, code, ...(detail === undefined ? {} : { detail }) })
  return new Response(`${body}\n`, {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', 'x-farp-federated': 'true', ...headers },
  })
}
