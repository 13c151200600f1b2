import { createGateway, GatewayError, HeaderList } from '@octopus-gateway/core'
import { onTestFinished } from 'vitest'
import { LANES } from '@octopus-gateway/core/lane'
import type { AccessLog, Gateway, GatewayOptions, Hooks, Logger, Plugin, Protocol } from '@octopus-gateway/core'
import type { Answer, Call, Context, LaneHost, Peer, Sending, UpstreamAnswer, Wire } from '@octopus-gateway/core/lane'

/** What an attempt does: an answer, a failure, or nothing until it is aborted. */
export type Act =
  | { readonly status: number; readonly fields?: string[] }
  | { readonly fails: 'UPSTREAM_CONNECT' | 'UPSTREAM_REFUSED' | 'UPSTREAM_RESET' | 'UPSTREAM_PROTOCOL' }
  | 'hangs'

/** A wire that plays a script, one act per attempt, the last one for ever. Bodies are texts. */
export class ScriptedWire implements Wire<string | null, string> {
  readonly calls: Call<string | null>[] = []
  readonly aborted: GatewayError[] = []
  isReplayable = true
  readonly #acts: Act[]

  constructor(...acts: Act[]) {
    this.#acts = acts
  }

  send(call: Call<string | null>): Sending<string> {
    this.calls.push(call)
    const act = this.#acts.length > 1 ? this.#acts.shift()! : this.#acts[0]!
    const abort = withResolvers<UpstreamAnswer<string>>()
    abort.promise.catch(() => {})
    if (act !== 'hangs') {
      if ('fails' in act) abort.reject(new GatewayError(act.fails, 'scripted'))
      else abort.resolve({ head: { status: act.status, headers: new HeaderList([...(act.fields ?? [])]) }, body: 'flow' })
    }
    return {
      answer: abort.promise,
      abort: (error) => {
        this.aborted.push(error)
        abort.reject(error)
      },
    }
  }

  replayable(): boolean {
    return this.isReplayable
  }

  isWhole(): boolean {
    return this.isReplayable
  }

  copyOf(body: string | null): string | null | undefined {
    return this.isReplayable ? body : undefined
  }

  async drain(): Promise<void> {}

  settled(): void {}

  get origins(): string[] {
    return this.calls.map((call) => call.endpoint.origin)
  }
}

function withResolvers<T>(): { promise: Promise<T>; resolve(value: T): void; reject(reason: unknown): void } {
  let resolve!: (value: T) => void
  let reject!: (reason: unknown) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

export const lanesOf = (gateway: Gateway): LaneHost => (gateway as unknown as { [LANES]: LaneHost })[LANES]

export const EXTERNAL: Peer = { ip: '198.51.100.7', secure: false, trusted: false }

/** A request as a lane makes it. */
export interface Arrival {
  readonly method?: string
  readonly target?: string
  readonly fields?: string[]
  readonly peer?: Peer
  /** What the listener can carry beside plain HTTP. */
  readonly carries?: readonly Protocol[]
}

export function open(gateway: Gateway, arrival: Arrival = {}): ReturnType<LaneHost['open']> {
  const { method = 'GET', target = '/', fields = [], peer = EXTERNAL, carries = [] } = arrival
  const hasHost = fields.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'host')
  return lanesOf(gateway).open({
    request: { method, target, headers: new HeaderList([...(hasHost ? [] : ['Host', 'gateway.test']), ...fields]) },
    peer,
    carries,
  })
}

/** One request over a scripted wire, as the head lane does it; the caller finishes it. */
export async function send(gateway: Gateway, wire: ScriptedWire, arrival: Arrival = {}): Promise<{ ctx: Context; answer: Answer<string> }> {
  const { ctx, refusal } = open(gateway, arrival)
  if (refusal !== null) return { ctx, answer: await lanesOf(gateway).refuse(ctx, refusal) }
  ctx.start()
  return { ctx, answer: await lanesOf(gateway).exchange<string | null, string>(ctx, wire, null) }
}

export function finish({ ctx, answer }: { ctx: Context; answer: Answer<string> }): void {
  ctx.finish({ status: answer.head.status, bytesOut: answer.flow === null ? 0 : answer.flow.length })
}

/** A gateway with one upstream `up` at these origins and one route for everything. */
export async function gatewayTo(origins: readonly string[], options: GatewayOptions = {}): Promise<Gateway> {
  const gateway = createGateway({ upstreams: { up: origins }, routes: [{ path: '/*', upstream: 'up' }], ...options })
  await gateway.ready
  return gateway
}

/** The same, disposed when the test is over. */
export async function startTo(origins: readonly string[], options: GatewayOptions = {}): Promise<Gateway> {
  const gateway = await gatewayTo(origins, options)
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  return gateway
}

/** Sends, finishes and tells the status. */
export async function statusOf(gateway: Gateway, wire: ScriptedWire, arrival: Arrival = {}): Promise<number> {
  const sent = await send(gateway, wire, arrival)
  finish(sent)
  return sent.answer.head.status
}

let plugins = 0

/** Hooks as a plugin that is equal to no other. */
export function plugin(hooks: Hooks): Plugin {
  const name = `test-${(plugins += 1)}`
  return { name, version: '1.0.0', identity: { name, version: '1.0.0', config: null }, setup: () => hooks }
}

/** Keeps what is logged. */
export function recorder(): {
  log: Logger
  lines: { level: string; message: string; fields: Readonly<Record<string, unknown>> }[]
  accessLog: AccessLog
  entries: Parameters<AccessLog['write']>[0][]
} {
  const lines: { level: string; message: string; fields: Readonly<Record<string, unknown>> }[] = []
  const entries: Parameters<AccessLog['write']>[0][] = []
  const at =
    (level: string) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}) =>
      void lines.push({ level, message, fields })
  return {
    log: { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') },
    lines,
    accessLog: { write: (entry) => void entries.push(entry) },
    entries,
  }
}
