import { CallFailed, DETAILS } from './support/notes.ts'
import { connectClient, connectServer } from './support/connect.ts'
import { describe, expect, it } from 'vitest'
import { grpcJsClient, grpcJsServer } from './support/grpc-js.ts'
import { pythonClient, pythonServer } from './support/python.ts'
import { requirePythonModule } from '../../../../tests/support/components.ts'
import { through } from './support/way.ts'
import { waitFor } from '@octopus-gateway/testing'
import type { Kind, Note, NotesClient, NotesServer } from './support/notes.ts'
import type { GatewayOptions } from '@octopus-gateway/core'
import type { Way } from './support/way.ts'

const python = requirePythonModule('grpc')

const CLIENTS: Readonly<Record<string, ((origin: string) => NotesClient) | null>> = {
  'grpc-js': grpcJsClient,
  'connect-node': connectClient,
  grpcio: python === undefined ? null : (origin) => pythonClient(python, origin),
}
const SERVERS: Readonly<Record<string, ((options: { tls: boolean }) => Promise<NotesServer>) | null>> = {
  'grpc-js': grpcJsServer,
  'connect-node': connectServer,
  grpcio: python === undefined ? null : (options) => pythonServer(python, options),
}

const NOTE: Note = { text: 'world', count: 1 }
const pairs = Object.keys(CLIENTS).flatMap((client) =>
  Object.keys(SERVERS).flatMap((server) =>
    (client === server ? [false, true] : [false]).map((tls) => ({ client, server, tls, over: tls ? 'TLS' : 'h2c' })),
  ),
)

describe.each(pairs)('$client to $server over $over', ({ client: clientName, server: serverName, tls }) => {
  const makeClient = CLIENTS[clientName]
  const makeServer = SERVERS[serverName]
  const test = it.skipIf(makeClient === null || makeServer === null)

  async function start(options: GatewayOptions = {}): Promise<{ client: NotesClient; server: NotesServer; way: Way }> {
    const server = await makeServer!({ tls })
    const way = await through(server, { tls, ...options })
    return { client: makeClient!(way.origin), server, way }
  }

  test('[R28] carries all four kinds of calls', async () => {
    const { client, way } = await start()
    expect((await client.call('Unary', [NOTE])).notes).toEqual([{ text: 'hello world', count: 2 }])
    expect((await client.call('ServerStream', [{ text: 'you', count: 3 }])).notes).toEqual(
      [1, 2, 3].map((count) => ({ text: 'hello you', count })),
    )
    expect((await client.call('ServerStream', [{ text: 'you', count: 0 }])).notes).toEqual([])
    const three = ['a', 'b', 'c'].map((text) => ({ text, count: 0 }))
    expect((await client.call('ClientStream', three)).notes).toEqual([{ text: 'a,b,c', count: 3 }])
    expect(await client.converse(three)).toEqual(three.map(({ text }) => ({ text: `hello ${text}`, count: 1 })))
    await waitFor(() => way.outcomes.length === 5)
    expect(way.outcomes.map(({ status, grpcStatus, error }) => [status, grpcStatus, error])).toEqual(
      Array.from({ length: 5 }, () => [200, 0, undefined]),
    )
  })

  test('metadata goes both ways, in the head and behind the messages, binary and repeated', async () => {
    const { client } = await start()
    // connect-node joins repeated fields, which grpcio does not take apart: they fail without a gateway, too.
    const isOnce = [clientName, serverName].sort().join() === 'connect-node,grpcio'
    const bytes = [Buffer.from([0, 1, 255]), Buffer.from('more')].slice(0, isOnce ? 1 : 2)
    const fields = [['x-echo', 'one'], ['x-echo', 'two'], ...bytes.map((value) => ['x-echo-bin', value] as const)] as const
    for (const kind of ['Unary', 'Bidi'] as const) {
      const answered = await client.call(kind, [NOTE], { fields })
      for (const read of [answered.head, answered.trailer]) {
        expect(read('x-echo').flatMap((value) => value.split(', '))).toEqual(['one', 'two'])
        expect(read('x-echo-bin')).toEqual(bytes.map((value) => value.toString('base64')))
      }
    }
  })

  test('[R28] a failure keeps its status, its message and its trailers, before and behind messages', async () => {
    const { client, way } = await start()
    const failed = async (kind: Kind, notes: readonly Note[]): Promise<CallFailed> =>
      rejected(client.call(kind, notes, { fields: [['x-fail', '5']] }))
    for (const [kind, notes, before] of [
      ['Unary', [NOTE], 0],
      ['ServerStream', [{ text: 'you', count: 2 }], 2],
      ['ClientStream', [NOTE, NOTE], 0],
    ] as const) {
      const failure = await failed(kind, notes)
      expect([failure.code, failure.details, failure.trailer('x-why'), failure.notes.length]).toEqual([5, DETAILS, ['because'], before])
    }
    await waitFor(() => way.outcomes.length === 3)
    expect(way.outcomes.map(({ grpcStatus }) => grpcStatus)).toEqual([5, 5, 5])
  })

  test('[R28] a deadline reaches the server reduced, and ends the call on both sides', async () => {
    const { client, server, way } = await start()
    const answered = await client.call('Unary', [NOTE], { deadlineMs: 10_000 })
    const sent = /^(\d+)([umS])$/.exec(answered.head('x-timeout')[0]!)!
    const milliseconds = Number(sent[1]) * { u: 0.001, m: 1, S: 1_000 }[sent[2] as 'u']
    expect(milliseconds).toBeLessThan(10_000)
    expect(milliseconds).toBeGreaterThan(1_000)
    const failure = await rejected(client.call('Bidi', [NOTE], { fields: [['x-hang', '1']], deadlineMs: 300 }))
    expect(failure.code).toBe(4)
    await waitFor(() => way.outcomes.length === 2)
    // Which side tells first is a race: the client goes, or the gateway says so.
    expect([1, 4]).toContain(way.outcomes[1]!.grpcStatus)
    // A server that keeps the time itself need not wait to be told.
    if (serverName === 'grpc-js') await waitFor(() => server.cancelled() > 0)
  })

  test('[R21] a client that cancels cancels at the server', async () => {
    const { client, server, way } = await start()
    const cancel = new AbortController()
    const failing = rejected(client.call('Bidi', [NOTE], { fields: [['x-hang', '1']], signal: cancel.signal }))
    await waitFor(() => server.hanging() > 0)
    cancel.abort()
    expect((await failing).code).toBe(1)
    await waitFor(() => server.cancelled() > 0)
    await waitFor(() => way.outcomes.length === 1)
    expect([way.outcomes[0]!.error?.code, way.outcomes[0]!.grpcStatus]).toEqual(['CLIENT_CLOSED', 1])
  })

  test('[R16] large messages pass whole', async () => {
    const { client } = await start()
    const text = 'x'.repeat(3_000_000)
    expect((await client.call('Unary', [{ text, count: 0 }])).notes[0]!.text.length).toBe(text.length + 'hello '.length)
    const many = await client.call('ServerStream', [{ text: 'y'.repeat(100_000), count: 40 }])
    expect(many.notes.map(({ text: { length } }) => length)).toEqual(Array.from({ length: 40 }, () => 100_006))
  })

  test('many calls at once do not mix', async () => {
    const { client } = await start()
    const calls = Array.from({ length: 120 }, (_, i) => client.call(i % 2 === 0 ? 'Unary' : 'Bidi', [{ text: String(i), count: i }]))
    const answers = await Promise.all(calls)
    expect(answers.map(({ notes }) => notes)).toEqual(Array.from({ length: 120 }, (_, i) => [{ text: `hello ${i}`, count: i + 1 }]))
  })
})

async function rejected(call: Promise<unknown>): Promise<CallFailed> {
  try {
    await call
  } catch (thrown) {
    if (thrown instanceof CallFailed) return thrown
    throw thrown
  }
  throw new Error('The call did not fail.')
}
