import { createGateway, definePlugin } from '@octopus-gateway/core'
import { describe, expect, onTestFinished } from 'vitest'
import { fetchClient, httpClient, streamClient, whole } from './client.ts'
import { project } from './projection.ts'
import { serve } from '@octopus-gateway/node'
import type { Gateway, GatewayOptions, Plugin } from '@octopus-gateway/core'
import type { LaneAnswer, LaneRequest, OpenAnswer } from './client.ts'
import type { ServeOptions, Server } from '@octopus-gateway/node'

/** The ways through a gateway: in process over `fetch`, a Node server by heads and by Web objects, the same two over HTTP/2. */
export type LaneName = 'fetch' | 'head' | 'web' | 'h2' | 'h2-web'

/** A gateway under test, asked in one of the ways. */
export interface Running {
  readonly gateway: Gateway
  /** Absent in process. */
  readonly server: Server | undefined
  /** Sends a request and reads the answer to its end; the answer must be the one that the other lanes gave. */
  send(request: LaneRequest): Promise<LaneAnswer>
  /** The same without the comparison, for what rightly differs. The reason is for the reader. */
  sendAlone(request: LaneRequest, reason: string): Promise<LaneAnswer>
  /** Resolves with the head. Nothing is compared. */
  open(request: LaneRequest, signal?: AbortSignal): Promise<OpenAnswer>
}

/** One of the ways, for a test that runs through all of them. */
export interface Lane {
  readonly name: LaneName
  readonly isNode: boolean
  /** Whether Web objects are made. */
  readonly isWeb: boolean
  readonly isHttp2: boolean
  /** Starts a gateway; it ends with the test. */
  start(options: GatewayOptions, serving?: ServeOptions): Promise<Running>
}

/** What a suite that is not for every lane must say. */
export interface OnlySome {
  readonly only: readonly LaneName[]
  readonly because: string
}

const NAMES: readonly LaneName[] = ['fetch', 'head', 'web', 'h2', 'h2-web']

/** Runs a suite once for each lane. Answers to the same request of the same test must be the same on all of them. */
export function describeLanes(title: string, suite: (lane: Lane) => void, some?: OnlySome): void {
  const seen = new Map<string, { readonly lane: LaneName; readonly shown: unknown }>()
  for (const name of some?.only ?? NAMES) {
    const calls = new Map<string, number>()
    describe(`${title} · ${name}`, () => {
      suite({
        name,
        isNode: name !== 'fetch',
        isWeb: name !== 'head' && name !== 'h2',
        isHttp2: name.startsWith('h2'),
        start: (options, serving) => start({ name, seen, calls }, options, serving),
      })
    })
  }
}

interface Comparison {
  readonly name: LaneName
  readonly seen: Map<string, { readonly lane: LaneName; readonly shown: unknown }>
  /** Requests sent so far, by test. */
  readonly calls: Map<string, number>
}

const passThrough = definePlugin({
  name: 'pass-through',
  config: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } },
  setup: () => ({ middleware: (_c, next) => next() }),
})

function clientOf(name: LaneName, gateway: Gateway, server: Server | undefined): ReturnType<typeof httpClient> {
  if (server === undefined) return { open: fetchClient(gateway.fetch), close() {} }
  return name.startsWith('h2') ? streamClient(server.port) : httpClient(server.port)
}

async function start(comparison: Comparison, options: GatewayOptions, serving?: ServeOptions): Promise<Running> {
  const { name } = comparison
  const plugins: readonly Plugin[] = name.endsWith('web') ? [...(options.plugins ?? []), passThrough(undefined)] : (options.plugins ?? [])
  const gateway = createGateway({ ...options, plugins })
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  await gateway.ready
  const server = name === 'fetch' ? undefined : await serve(gateway, { host: '127.0.0.1', port: 0, ...serving })
  const client = clientOf(name, gateway, server)
  onTestFinished(async () => {
    client.close()
    await server?.close({ grace: 0 })
  })
  const sendAlone = async (request: LaneRequest): Promise<LaneAnswer> => whole(await client.open(request))
  return {
    gateway,
    server,
    open: client.open,
    sendAlone,
    async send(request) {
      const test = expect.getState().currentTestName!.replace(` · ${name}`, '')
      const call = comparison.calls.get(test) ?? 0
      comparison.calls.set(test, call + 1)
      const key = `${test} #${call}`
      const answer = await sendAlone(request)
      const shown = project(answer)
      const other = comparison.seen.get(key)
      if (other === undefined) comparison.seen.set(key, { lane: name, shown })
      else expect(shown, `the ${name} lane answers as the ${other.lane} lane`).toEqual(other.shown)
      return answer
    },
  }
}
