import { GatewayError, HeaderList } from '@octopus-gateway/core'
import { onTestFinished } from 'vitest'
import type { Call, UpstreamAnswer } from '@octopus-gateway/core/lane'
import type { Flow, NodeUpload, NodeWire } from '../../../src/flow.ts'
import type { ResponseHead, Transport } from '@octopus-gateway/core'

/** What a test says of a call; the rest is a plain GET. */
export interface Asked {
  readonly origin: string
  readonly transport: Transport
  readonly method?: string
  readonly target?: string
  readonly headers?: readonly string[]
  readonly body?: NodeUpload
  readonly protocol?: 'http' | 'grpc'
  readonly connectTimeout?: number
  readonly onInformational?: (head: ResponseHead) => void
}

export function callOf(asked: Asked): Call<NodeUpload> {
  return {
    endpoint: { id: asked.origin, origin: asked.origin, weight: 1, labels: {} },
    transport: asked.transport,
    protocol: asked.protocol ?? 'http',
    head: {
      method: asked.method ?? 'GET',
      target: asked.target ?? '/',
      headers: new HeaderList([...(asked.headers ?? ['host', 'client.test'])]),
    },
    body: asked.body ?? null,
    keep: 256 * 1024,
    isIdempotent: false,
    isCopied: false,
    connectTimeout: asked.connectTimeout ?? 5_000,
    informed: asked.onInformational === undefined ? null : { inform: asked.onInformational },
  }
}

/** An answer read to its end. */
export interface Collected {
  readonly status: number
  readonly headers: HeaderList
  readonly body: Buffer
  readonly trailers: HeaderList | null
}

/** Reads an answer to its end; rejects with the failure of its body. */
export async function collected(answer: Promise<UpstreamAnswer<Flow>>): Promise<Collected> {
  const { head, body: flow } = await answer
  const pieces: Buffer[] = []
  const trailers = await new Promise<HeaderList | null>((resolve, reject) => {
    flow.attach({
      chunk: (bytes) => {
        pieces.push(Buffer.from(bytes))
        return true
      },
      end: resolve,
      fail: reject,
    })
  })
  return { status: head.status, headers: head.headers, body: Buffer.concat(pieces), trailers }
}

/** The failure of an answer, before its head or in its body. */
export async function failure(answer: Promise<UpstreamAnswer<Flow>>): Promise<GatewayError> {
  try {
    const { status } = await collected(answer)
    throw new Error(`answered with ${status}`)
  } catch (thrown) {
    if (GatewayError.is(thrown)) return thrown
    throw thrown
  }
}

/** A wire that ends with the test. */
export function ending<W extends NodeWire>(wire: W): W {
  onTestFinished(() => wire.close(0))
  return wire
}
