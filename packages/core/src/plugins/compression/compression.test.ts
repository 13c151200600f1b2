import { compression } from '@octopus-gateway/core/plugins'
import { describe, expect, it } from 'vitest'
import { hono, start } from '../../../test/support/web.ts'
import { lanesOf, open, plugin, ScriptedWire, startTo } from '../../../test/support/scripted.ts'
import type { Coding, ConfigError, ContentCoding, HeaderList, Outcome, Plugin } from '@octopus-gateway/core'
import type { CompressionOptions } from '@octopus-gateway/core/plugins'

const LANE: readonly ContentCoding[] = ['br', 'gzip']
const JSON_HEAD = ['content-type', 'application/json', 'content-length', '5000']

interface Asked {
  readonly method?: string
  readonly accept?: string | null
  readonly status?: number
  readonly fields?: string[]
  readonly request?: string[]
  readonly options?: CompressionOptions
  readonly codings?: readonly ContentCoding[]
}

/** What a lane that can do these codings is told. */
async function ask(asked: Asked = {}): Promise<{ coding: Coding | null; headers: HeaderList }> {
  const { method = 'GET', accept = 'gzip, br', status = 200, fields = JSON_HEAD, request = [], options, codings = LANE } = asked
  const gateway = await startTo(['http://10.0.0.1'], { plugins: [compression(options)] })
  const { ctx } = open(gateway, { method, fields: [...(accept === null ? [] : ['Accept-Encoding', accept]), ...request] })
  ctx.codings = codings
  ctx.start()
  const wire = new ScriptedWire({ status, fields })
  const answer = await lanesOf(gateway).exchange<string | null, string>(ctx, wire, null)
  ctx.finish({ status, bytesOut: 0 })
  return { coding: answer.coding, headers: answer.head.headers }
}

describe('[R27] which bodies are coded', () => {
  it('one that the client takes: named in the head, without a length, with Vary', async () => {
    const { coding, headers } = await ask()
    expect(coding).toEqual({ name: 'br', level: 4 })
    expect([headers.getAll('content-encoding'), headers.get('content-length'), headers.get('vary')]).toEqual([
      'br',
      undefined,
      'Accept-Encoding',
    ])
  })

  it('by what the lane can do, in the order of the options', async () => {
    expect((await ask({ codings: ['gzip'] })).coding?.name).toBe('gzip')
    expect((await ask({ options: { algorithms: ['gzip', 'br'], level: 9 } })).coding).toEqual({ name: 'gzip', level: 9 })
    expect((await ask({ options: { algorithms: ['zstd'] } })).coding).toBeNull()
  })

  it('not where the client does not take it: the length stays, Vary is there all the same', async () => {
    for (const accept of [null, '', 'identity', 'gzip;q=0, br;q=0', '*;q=0']) {
      const { coding, headers } = await ask({ accept })
      expect([coding, headers.get('content-encoding'), headers.get('content-length'), headers.get('vary')], String(accept)).toEqual([
        null,
        undefined,
        '5000',
        'Accept-Encoding',
      ])
    }
  })

  it.each<[string, Asked]>([
    ['an event stream', { fields: ['content-type', 'text/event-stream; charset=utf-8'] }],
    ['an event stream, where every type is listed', { fields: ['content-type', 'Text/Event-Stream'], options: { types: ['*/*'] } }],
    ['a part', { status: 206, fields: [...JSON_HEAD, 'content-range', 'bytes 0-4999/9000'] }],
    ['no content', { status: 204, fields: ['content-type', 'application/json'] }],
    ['reset content', { status: 205, fields: ['content-type', 'application/json'] }],
    ['what is coded already', { fields: [...JSON_HEAD, 'content-encoding', 'gzip'] }],
    ['what is coded in a way unknown', { fields: [...JSON_HEAD, 'Content-Encoding', 'dcb'] }],
    ['a short body', { fields: ['content-type', 'application/json', 'content-length', '1023'] }],
    ['a type that is not listed', { fields: ['content-type', 'image/png', 'content-length', '5000'] }],
    ['a body without a type', { fields: ['content-length', '5000'] }],
    ['no-transform', { fields: [...JSON_HEAD, 'cache-control', 'public, No-Transform'] }],
    ['no-transform in another field', { fields: [...JSON_HEAD, 'cache-control', 'public', 'cache-control', 'no-transform'] }],
    ['a lane that cannot', { codings: [] }],
  ])('not %s, which does not vary either', async (_name, asked) => {
    const before = asked.fields ?? JSON_HEAD
    const { coding, headers } = await ask(asked)
    expect([coding, headers.get('vary'), headers.getAll('content-encoding')?.toLowerCase()]).toEqual([
      null,
      undefined,
      before[before.findIndex((name) => name.toLowerCase() === 'content-encoding') + 1 || Infinity],
    ])
  })

  it('a long one of any length or none declared', async () => {
    expect((await ask({ fields: ['content-type', 'text/plain', 'content-length', '1024'] })).coding).not.toBeNull()
    expect((await ask({ fields: ['content-type', 'text/plain'] })).coding).not.toBeNull()
    expect((await ask({ fields: [...JSON_HEAD, 'content-encoding', 'identity'] })).headers.getAll('content-encoding')).toBe('br')
    expect((await ask({ fields: ['content-type', 'text/plain', 'content-length', '9'], options: { minSize: 0 } })).coding).not.toBeNull()
  })

  it('HEAD keeps its length and has no body to code', async () => {
    const { coding, headers } = await ask({ method: 'HEAD' })
    expect([coding, headers.get('content-length'), headers.get('content-encoding'), headers.get('vary')]).toEqual([
      null,
      '5000',
      undefined,
      'Accept-Encoding',
    ])
  })
})

describe('[R27] what else the head tells', () => {
  it('a strong tag becomes weak, a weak one stays; ranges and digests of the other bytes go', async () => {
    const fields = ['etag', '"v1"', 'accept-ranges', 'bytes', 'content-md5', 'x', 'digest', 'x', 'content-digest', 'x', 'repr-digest', 'x']
    const { headers } = await ask({ fields: [...JSON_HEAD, ...fields] })
    expect(headers.get('etag')).toBe('W/"v1"')
    expect(headers.flat.join()).not.toMatch(/ranges|md5|digest/)
    expect((await ask({ fields: [...JSON_HEAD, 'etag', 'W/"v1"'] })).headers.get('etag')).toBe('W/"v1"')
    const plain = await ask({ accept: null, fields: [...JSON_HEAD, 'etag', '"v1"', 'accept-ranges', 'bytes'] })
    expect([plain.headers.get('etag'), plain.headers.get('accept-ranges')]).toEqual(['"v1"', 'bytes'])
  })

  it('a 304 confirms the tag that the client has', async () => {
    const confirmed = await ask({ status: 304, fields: ['etag', '"v1"'], request: ['If-None-Match', '"v0", W/"v1"'] })
    expect([confirmed.coding, confirmed.headers.get('etag')]).toEqual([null, 'W/"v1"'])
    const strong = await ask({ status: 304, fields: ['etag', '"v1"'], request: ['If-None-Match', '"v1"'] })
    expect(strong.headers.get('etag')).toBe('"v1"')
  })

  it('Vary is added to what is there, once', async () => {
    const vary = async (...before: string[]): Promise<string | undefined> =>
      (await ask({ fields: [...JSON_HEAD, ...before.flatMap((value) => ['vary', value])] })).headers.getAll('vary')
    expect(await vary('Origin')).toBe('Origin, Accept-Encoding')
    expect(await vary('Origin', 'Cookie')).toBe('Origin, Cookie, Accept-Encoding')
    expect(await vary('accept-encoding, Origin')).toBe('accept-encoding, Origin')
    expect(await vary('*')).toBe('*')
  })
})

describe('gateway.fetch', () => {
  const TEXT = 'all work and no play makes jack a dull boy. '.repeat(100)
  const withLength = (): Response =>
    new Response(TEXT, { headers: { 'content-length': String(TEXT.length), 'content-type': 'text/plain' } })
  const asking = { headers: { 'accept-encoding': 'gzip' } }

  function watching(): { outcomes: Outcome[]; watch: Plugin } {
    const outcomes: Outcome[] = []
    return { outcomes, watch: plugin({ onFinish: (_ctx, outcome) => void outcomes.push(outcome) }) }
  }

  async function unzipped(response: Response): Promise<string> {
    return new Response(response.body!.pipeThrough(new DecompressionStream('gzip'))).text()
  }

  it.each([
    ['without a middleware', []],
    ['with one', [hono((_c, next) => next())]],
  ])('[R27] codes through CompressionStream, %s, and counts what it sends', async (_name, more) => {
    const { outcomes, watch } = watching()
    const { gateway } = start(withLength, [watch, compression(), ...more])
    const response = await gateway.request('/', asking)
    expect([response.headers.get('content-encoding'), response.headers.get('content-length')]).toEqual(['gzip', null])
    const [coded, plain] = response.body!.tee()
    const bytes = (await new Response(coded).arrayBuffer()).byteLength
    expect(await unzipped(new Response(plain))).toBe(TEXT)
    expect(outcomes.map(({ bytesOut, status }) => [bytesOut, status])).toEqual([[bytes, 200]])
    expect(bytes).toBeLessThan(500)
  })

  it('leaves streams of unknown length alone: nothing could make the coder let go of their pieces', async () => {
    const { gateway } = start(() => new Response(TEXT, { headers: { 'content-type': 'text/plain' } }), [compression()])
    const response = await gateway.request('/', asking)
    expect([response.headers.get('content-encoding'), await response.text()]).toEqual([null, TEXT])
  })

  it('codes what a middleware has made of the answer', async () => {
    const { gateway } = start(withLength, [
      compression(),
      hono(async (c, next) => {
        await next()
        const text = (await c.res.text()).toUpperCase()
        c.res = new Response(text, { headers: { 'content-length': String(text.length), 'content-type': 'text/plain' } })
      }),
    ])
    expect(await unzipped(await gateway.request('/', asking))).toBe(TEXT.toUpperCase())
  })

  it('a reader holds the body back, and ends the request when it leaves', async () => {
    let cancelled = false
    let pulls = 0
    const endless = (): Response =>
      new Response(
        new ReadableStream({
          pull: (controller) => ((pulls += 1), controller.enqueue(crypto.getRandomValues(new Uint8Array(65_536)))),
          cancel: () => void (cancelled = true),
        }),
        { headers: { 'content-type': 'text/plain', 'content-length': '1000000000' } },
      )
    const { outcomes, watch } = watching()
    const { gateway } = start(endless, [watch, compression()])
    const response = await gateway.request('/', asking)
    const reader = response.body!.getReader()
    await reader.read()
    // One that has stopped reading holds the upstream back.
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(pulls).toBeLessThan(10)
    await reader.cancel()
    expect(outcomes.map(({ error }) => error?.code)).toEqual(['CLIENT_CLOSED'])
    expect(cancelled).toBe(true)
  })

  it('a body that breaks breaks the coded one', async () => {
    let pulls = 0
    const broken = (): Response =>
      new Response(
        new ReadableStream({
          pull: (controller) =>
            (pulls += 1) === 1 ? controller.enqueue(new TextEncoder().encode(TEXT)) : controller.error(new Error('gone')),
        }),
        { headers: { 'content-type': 'text/plain', 'content-length': '9999' } },
      )
    const { outcomes, watch } = watching()
    const { gateway } = start(broken, [watch, compression()])
    await expect((await gateway.request('/', asking)).text()).rejects.toThrow()
    expect(outcomes.map(({ error }) => error?.code)).toEqual(['UPSTREAM_RESET'])
  })
})

describe('configuration', () => {
  it.each([
    [{ algorithms: [] }, /algorithms/],
    [{ algorithms: ['deflate'] as never }, /algorithms\.0/],
    [{ level: 0 }, /level/],
    [{ level: 10 }, /level/],
    [{ minSize: -1 }, /minSize/],
    [{ types: ['json'] }, /types\.0 .*text\/\*/],
    [{ size: 1 } as never, /size/],
  ])('%o is refused', async (options, message) => {
    const error = (await startTo(['http://10.0.0.1'], { plugins: [compression(options)] }).catch(
      (thrown: unknown) => thrown,
    )) as ConfigError
    expect(error.issues.map((issue) => `${issue.path} ${issue.message}`).join('\n')).toMatch(message)
  })
})
