import { decodeAnswer, encodeQuestion } from './reflection-messages.ts'
import { FetchError } from '../../net/fetcher.ts'
import { frameMessages, messagesIn } from './frames.ts'
import { gather } from './gather.ts'
import { isInternalService } from './operations.ts'
import { clean, messageOf } from '../../text.ts'
import { originOf } from '../../address.ts'
import { SchemaError } from '../../schemas/parse.ts'
import type { Address } from '../../address.ts'
import type { Ask, Reflected } from './gather.ts'
import type { DocumentFetcher } from '../../net/guarded.ts'
import type { Limits } from '../../limits.ts'
import type { ReflectionAnswer, ReflectionQuestion } from './reflection-messages.ts'
import type { TrustScope } from '../../trust.ts'

/** What asking a gRPC server about itself needs. */
export interface ReflectionContext {
  readonly fetcher: DocumentFetcher
  readonly scope: TrustScope
  readonly limits: Limits
  readonly signal: AbortSignal
}

/** Newest first; servers may know one of them only. */
const PACKAGES = ['grpc.reflection.v1', 'grpc.reflection.v1alpha'] as const

const UNIMPLEMENTED = 12

/** Questions in one call: a server answers them in order, and few calls are needed whatever the number of services. */
const BATCH = 100

/**
 * Asks a gRPC server at an address for its services and their descriptors, by `grpc.reflection.v1` or else `v1alpha`. All questions of a round go in one call,
 * which is closed at once: no server needs to be waited for, and none can keep a connection. Rejects with `FetchError` when it cannot be had, `SchemaError`
 * when it makes no sense.
 */
export async function reflectGrpc(address: Address, context: ReflectionContext): Promise<Reflected> {
  const { ask, names } = await introduce(address, context)
  const services = [...new Set(names)].filter((name) => !isInternalService(name)).sort()
  if (services.length > context.limits.paths)
    throw new SchemaError(`the server has ${services.length} services; the limit is ${context.limits.paths}`)
  return gather(services, ask, context.limits)
}

async function introduce(address: Address, context: ReflectionContext): Promise<{ readonly ask: Ask; readonly names: readonly string[] }> {
  let refusal: FetchError | undefined
  for (const name of PACKAGES) {
    const url = new URL(`/${name}.ServerReflection/ServerReflectionInfo`, originOf(address))
    const ask = asker(url, context)
    try {
      const [answer] = await ask([{ list: true }])
      if (answer?.kind === 'services') return { ask, names: answer.names }
      throw new SchemaError(`the server does not list its services${answer?.kind === 'error' ? `: ${clean(answer.message, 200)}` : ''}`)
    } catch (thrown) {
      if (!(thrown instanceof FetchError) || !isUnknown(thrown)) throw thrown
      refusal = thrown
    }
  }
  throw refusal!
}

/** Whether the server does not have this version, in gRPC or in HTTP. */
function isUnknown({ status }: FetchError): boolean {
  return status === UNIMPLEMENTED || status === 404
}

function asker(url: URL, { fetcher, scope, limits, signal }: ReflectionContext): Ask {
  let left = limits.schemaBytes
  const end = performance.now() + limits.totalMs
  const call = async (questions: readonly ReflectionQuestion[]): Promise<ReflectionAnswer[]> => {
    const answer = await fetcher.fetch({
      url,
      scope,
      maxBytes: left,
      accept: 'application/grpc',
      headers: new Map([['te', 'trailers']]),
      body: { type: 'application/grpc+proto', bytes: frameMessages(questions.map(encodeQuestion)) },
      http2: true,
      backsOff: true,
      signal,
    })
    if (!/^application\/grpc(?:$|[+;])/i.test(answer.contentType)) throw new FetchError('content', 'it does not answer in gRPC')
    // Node tells a lost connection and a clean end apart by nothing else.
    const code = answer.field('grpc-status')
    if (code === undefined) throw new FetchError('network', 'the answer broke off')
    if (code !== '0') throw new FetchError('status', statusText(code, answer.field('grpc-message')), { status: Number(code) })
    left -= answer.body.length
    const messages = messagesIn(answer.body)
    if (messages.length !== questions.length)
      throw new SchemaError(`the server gave ${messages.length} answers to ${questions.length} questions`)
    return messages.map(decoded)
  }
  return async (questions) => {
    const answers: ReflectionAnswer[] = []
    for (let at = 0; at < questions.length; at += BATCH) {
      // A server whose every file needs one more would be asked for ever.
      if (performance.now() > end) throw new FetchError('timeout', `it did not tell everything within ${limits.totalMs} ms`)
      answers.push(...(await call(questions.slice(at, at + BATCH))))
    }
    return answers
  }
}

function decoded(bytes: Uint8Array): ReflectionAnswer {
  try {
    return decodeAnswer(bytes)
  } catch (thrown) {
    throw new SchemaError(`the server's answer makes no sense: ${messageOf(thrown)}`)
  }
}

function statusText(code: string, message: string | undefined): string {
  return `it answered with gRPC status ${clean(code, 10)}${message === undefined || message === '' ? '' : ` (${clean(message, 200)})`}`
}
