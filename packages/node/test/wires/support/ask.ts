import { GatewayError, HeaderList } from '@octopus-gateway/core'
import type { Call } from '@octopus-gateway/core/lane'
import type { Flow, NodeUpload, NodeWire } from '../../../src/flow.ts'
import type { ResponseHead, Transport } from '@octopus-gateway/core'

/** A request for a wire; the rest of a call is filled in. */
export interface Asked {
  readonly method?: string
  readonly target?: string
  /** Beside `host`. */
  readonly headers?: readonly string[]
  readonly body?: NodeUpload
  readonly transport?: Transport
  readonly connectTimeout?: number
}

/** How an exchange ended. */
export interface Outcome {
  readonly status?: number
  /** As received. */
  readonly headers: readonly string[]
  /** latin1. */
  readonly body: string
  /** `null` for none. */
  readonly trailers: readonly string[] | null
  readonly interim: readonly (readonly [number, readonly string[]])[]
  /** The code of the failure, before or behind the head. */
  readonly error?: string
}

export const PLAIN: Transport = { protocol: 'http1', tls: null }

export function callOf(origin: string, asked: Asked = {}): Call<NodeUpload> {
  const { method = 'GET', target = '/', headers = [], body = null, transport = PLAIN, connectTimeout = 2_000 } = asked
  return {
    endpoint: { id: origin, origin, weight: 1, labels: {} },
    transport,
    protocol: 'http',
    head: { method, target, headers: new HeaderList(['host', 'origin.test', ...headers]) },
    body,
    connectTimeout,
    keep: 0,
    isIdempotent: false,
    isCopied: false,
    informed: null,
  }
}

/** One exchange to its end, read as the head lane does: whole where it is whole, piece by piece otherwise. */
export async function ask(wire: NodeWire, origin: string, asked: Asked = {}): Promise<Outcome> {
  const interim: [number, string[]][] = []
  const informed = { inform: ({ status, headers }: ResponseHead): void => void interim.push([status, headers.flat]) }
  const sending = wire.send({ ...callOf(origin, asked), informed })
  const none = { headers: [], body: '', trailers: null }
  try {
    const { head, body: flow } = await sending.answer
    const { status, headers } = head
    return { status, headers: headers.flat, interim, ...(await read(flow)) }
  } catch (thrown) {
    return { ...none, interim, error: (thrown as GatewayError).code }
  }
}

function read(flow: Flow): Promise<Pick<Outcome, 'body' | 'trailers' | 'error'>> {
  const whole = flow.takeWhole()
  if (whole !== null) return Promise.resolve({ body: whole.toString('latin1'), trailers: null })
  return new Promise((resolve) => {
    let body = ''
    flow.attach({
      chunk(bytes) {
        body += bytes.toString('latin1')
        return true
      },
      end: (trailers) => resolve({ body, trailers: trailers?.flat ?? null }),
      fail: (error) => resolve({ body, trailers: null, error: error.code }),
    })
  })
}
