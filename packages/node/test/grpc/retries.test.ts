import { Server, ServerCredentials, status, type ServerDuplexStream } from '@grpc/grpc-js'
import { decodeNote, encodeNote, SERVICE } from './support/notes.ts'
import { describe, expect, it, onTestFinished } from 'vitest'
import { grpcJsClient } from './support/grpc-js.ts'
import { Metadata } from '@grpc/grpc-js'
import { running } from '../support/running.ts'
import type { GatewayOptions } from '@octopus-gateway/core'
import type { Note } from './support/notes.ts'

interface Seen {
  /** `grpc-previous-rpc-attempts` of each call. */
  readonly before: (string | undefined)[]
}

/** A server that fails with UNAVAILABLE, trailers only, or after its metadata; `null` answers. */
async function server(seen: Seen, fails: { readonly pushback?: string; readonly isLate?: boolean } | null): Promise<string> {
  const one = new Server()
  const serve = (call: ServerDuplexStream<Note, Note>): void => {
    seen.before.push(call.metadata.get('grpc-previous-rpc-attempts')[0]?.toString())
    const notes: Note[] = []
    call.on('data', (note: Note) => notes.push(note))
    call.on('end', () => {
      if (fails === null) {
        call.write({ text: `hello ${notes[0]!.text}`, count: 1 })
        call.end()
        return
      }
      const metadata = new Metadata()
      if (fails.pushback !== undefined) metadata.set('grpc-retry-pushback-ms', fails.pushback)
      if (fails.isLate === true) call.sendMetadata(new Metadata())
      call.emit('error', { code: status.UNAVAILABLE, details: 'busy', metadata })
    })
  }
  const method = { path: `/${SERVICE}/Unary`, requestStream: true, responseStream: true } as const
  const coding = {
    requestSerialize: encodeNote,
    requestDeserialize: decodeNote,
    responseSerialize: encodeNote,
    responseDeserialize: decodeNote,
  }
  one.addService({ Unary: { ...method, ...coding } } as never, { Unary: serve } as never)
  const port = await new Promise<number>((resolve, reject) =>
    one.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error === null ? resolve(bound) : reject(error))),
  )
  onTestFinished(() => one.forceShutdown())
  return `http://127.0.0.1:${port}`
}

const LISTED = { grpcStatuses: [status.UNAVAILABLE] }

async function calls(origins: readonly string[], retry: NonNullable<GatewayOptions['routing']>['retry'], count = 2): Promise<string[]> {
  const { server: serving } = await running({
    upstreams: { up: origins },
    routes: [{ path: '/*', upstream: 'up' }],
    routing: retry === undefined ? {} : { retry },
  })
  const client = grpcJsClient(serving.url, { 'grpc.enable_retries': 0 })
  const told: string[] = []
  for (let i = 0; i < count; i++) {
    try {
      told.push((await client.call('Unary', [{ text: 'you', count: 0 }])).notes[0]!.text)
    } catch (thrown) {
      told.push(`code ${(thrown as { code: number }).code}`)
    }
  }
  return told.toSorted()
}

describe('[R28] calls that ended with UNAVAILABLE', () => {
  it('are not made again unless the status is listed', async () => {
    const seen: Seen = { before: [] }
    const origins = [await server(seen, {}), await server(seen, null)]
    expect(await calls(origins, undefined)).toEqual(['code 14', 'hello you'])
    expect(seen.before).toEqual([undefined, undefined])
  })

  it('are made again at another instance, which is told how often', async () => {
    const seen: Seen = { before: [] }
    const origins = [await server(seen, {}), await server(seen, null)]
    expect(await calls(origins, LISTED)).toEqual(['hello you', 'hello you'])
    expect(seen.before.filter((one) => one === '1').length).toBeGreaterThan(0)
  })

  it('are not made again once metadata came', async () => {
    const seen: Seen = { before: [] }
    const origins = [await server(seen, { isLate: true }), await server(seen, { isLate: true })]
    expect(await calls(origins, LISTED, 1)).toEqual(['code 14'])
    expect(seen.before).toHaveLength(1)
  })

  it('are made again when their server says, or not at all', async () => {
    const seen: Seen = { before: [] }
    for (const pushback of ['-1', 'soon', '999999999']) {
      seen.before.length = 0
      const stop = [await server(seen, { pushback }), await server(seen, { pushback })]
      expect(await calls(stop, LISTED, 1)).toEqual(['code 14'])
      expect(seen.before).toHaveLength(1)
    }
    const wait = [await server(seen, { pushback: '300' }), await server(seen, { pushback: '300' })]
    const from = performance.now()
    expect(await calls(wait, LISTED, 1)).toEqual(['code 14'])
    expect(performance.now() - from).toBeGreaterThan(290)
  })
})
