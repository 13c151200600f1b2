import { connect as connectTcp } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { get, handshake } from './support/client.ts'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { newAuthority, rawRequest, testCertificates, waitFor } from '@octopus-gateway/testing'
import { once } from 'node:events'
import { join } from 'node:path'
import { serveFetch } from '@octopus-gateway/node'
import { tmpdir } from 'node:os'
import { X509Certificate } from 'node:crypto'
import type { ClientCertificate, Logger } from '@octopus-gateway/core'
import type { FetchEnv, FetchListening, FetchTlsOptions, ServeFetchOptions } from '@octopus-gateway/node'
import type { Socket } from 'node:net'
import type { TestCertificate } from '@octopus-gateway/testing'
import type { TLSSocket } from 'node:tls'

const { ca, server, client, issue } = testCertificates()
const stranger = newAuthority()

/** A handler that tells who calls; `/held` is answered when `release` is called. It ends with the test. */
async function serving(
  tls: Partial<FetchTlsOptions> | undefined,
  options: Partial<ServeFetchOptions> = {},
): Promise<FetchListening & { readonly seen: (ClientCertificate | undefined)[]; readonly release: () => void }> {
  const seen: (ClientCertificate | undefined)[] = []
  let release = (): void => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  const listening = await serveFetch(
    {
      async fetch(request, env) {
        seen.push(env!.certificate)
        if (request.url.endsWith('/held')) await held
        return Response.json({ url: request.url, names: env!.certificate?.names ?? null })
      },
    },
    { port: 0, ...(tls === undefined ? {} : { tls: { certificates: [server], ...tls } }), ...options },
  )
  onTestFinished(() => listening.close({ grace: 0 }))
  return { ...listening, seen, release }
}

const auth = (mode: 'required' | 'optional', from = ca): Pick<FetchTlsOptions, 'clientAuth'> => ({ clientAuth: { ca: from, mode } })

/** A connection after one answer, and the session it may be resumed with. */
async function asked(port: number, options: object = {}): Promise<{ readonly socket: TLSSocket; readonly session: Buffer | undefined }> {
  const socket = await handshake(port, options)
  let session: Buffer | undefined
  socket.on('session', (given) => (session = given))
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await once(socket, 'data')
  return { socket, session: session ?? socket.getSession() }
}

const ended = (socket: Socket): Promise<unknown> => (socket.destroyed ? Promise.resolve() : once(socket, 'close'))

describe('serveFetch over TLS', () => {
  test('serves HTTPS on its port: HTTP/1.1, with the certificate that fits the name', async () => {
    const shop = issue({ names: ['shop.test'] })
    const { url, port } = await serving({ certificates: [server, shop] })
    expect(url).toBe(`https://127.0.0.1:${port}`)
    expect((await get(port, { path: '/x' })).json()).toEqual({ url: 'https://localhost/x', names: null })
    const named = await get(port, { servername: 'shop.test', host: 'shop.test' })
    expect(named.fingerprint).toBe(new X509Certificate(shop.cert).fingerprint256)
    expect((await handshake(port, { ALPNProtocols: ['h2', 'http/1.1'] })).alpnProtocol).toBe('http/1.1')
    await expect(handshake(port, { ALPNProtocols: ['h2'] })).rejects.toThrow()
    await expect(handshake(port, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })).rejects.toThrow()
  })

  test('`minVersion` is kept', async () => {
    const { port } = await serving({ minVersion: 'TLSv1.3' })
    await expect(handshake(port, { maxVersion: 'TLSv1.2' })).rejects.toThrow()
    expect((await handshake(port)).getProtocol()).toBe('TLSv1.3')
  })

  test('a certificate that cannot be used rejects, and nothing listens', async () => {
    const wrong = serveFetch({ fetch: () => new Response() }, { port: 0, tls: { certificates: [{ cert: server.cert, key: client.key }] } })
    await expect(wrong).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })

  test('a port that is taken rejects', async () => {
    const { port } = await serving({})
    await expect(serveFetch({ fetch: () => new Response() }, { port, tls: { certificates: [server] } })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
  })

  test('who speaks HTTP in the clear gets nothing of the handler, and goes', async () => {
    const { port, seen } = await serving({})
    const exchange = await rawRequest(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', { timeout: 10_000, responses: Infinity })
    expect([exchange.ended === 'closed' || exchange.ended === 'failed', exchange.responses]).toEqual([true, []])
    expect(seen).toEqual([])
  })
})

describe('certificates of clients', () => {
  test('[R10] required: the handler knows a verified one by its fingerprint and names; all others get no request', async () => {
    const { port, seen } = await serving(auth('required'))
    for (const shown of [
      {},
      stranger.client,
      stranger.issue({ names: ['client.test'] }),
      issue({ names: ['client.test'], validFor: -1000 }),
      issue({ names: ['client.test'], usage: 'server' }),
      { cert: client.cert, key: server.key },
    ]) {
      await expect(get(port, shown)).rejects.toThrow()
    }
    expect(seen).toEqual([])
    expect((await get(port, client)).json().names).toEqual(['DNS:client.test', 'URI:spiffe://test/client'])
    expect(seen[0]!.fingerprint).toBe(new X509Certificate(client.cert).fingerprint256.replaceAll(':', '').toLowerCase())
  })

  test('optional: none is none; one that does not hold is refused, not taken for none', async () => {
    const { port, seen } = await serving(auth('optional'))
    expect((await get(port)).json().names).toBeNull()
    for (const shown of [stranger.client, issue({ names: ['client.test'], validFor: -1000 })]) {
      await expect(get(port, shown)).rejects.toThrow()
    }
    expect(seen).toEqual([undefined])
    expect((await get(port, client)).json().names).toContain('DNS:client.test')
  })

  test('without `clientAuth`, or without TLS, there is none, whatever is shown or said in a field', async () => {
    const secure = await serving({})
    expect((await get(secure.port, client)).json().names).toBeNull()
    const plain = await serving(undefined)
    const said = ['X-Client-Cert', 'X-SSL-Client-Cert', 'X-Forwarded-Client-Cert', 'Client-Cert', 'Ssl-Client-Verify', 'certificate']
    const fields = said.map((name) => `${name}: ${encodeURIComponent(client.cert)}\r\n`).join('')
    expect((await rawRequest(plain.port, `GET / HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`)).response.status).toBe(200)
    expect([...secure.seen, ...plain.seen]).toEqual([undefined, undefined])
  })

  test('a session goes on, but neither it nor its connection beyond the end of the certificate, or of the one that signed it', async () => {
    const validFor = 3000
    const follow = async (maxVersion: 'TLSv1.2' | 'TLSv1.3', trusted: string, shown: TestCertificate, short: string): Promise<void> => {
      const { port, seen } = await serving(auth('optional', trusted))
      const given = { ...shown, maxVersion }
      const { socket: kept, session } = await asked(port, given)
      const resumed = await asked(port, { ...given, session })
      expect([resumed.socket.isSessionReused(), seen]).toEqual([true, [seen[0], seen[0]]])
      expect(seen[0]).toBeDefined()
      const end = Date.parse(new X509Certificate(short).validTo)
      await waitFor(() => Date.now() > end, { timeout: 10_000 })
      await expect(get(port, { ...given, session: resumed.session ?? session })).rejects.toThrow()
      kept.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
      await ended(kept)
      expect(seen).toHaveLength(2)
    }
    const [own, signer] = [issue({ names: ['short.test'], validFor }), newAuthority({ validFor })]
    await Promise.all(
      (['TLSv1.2', 'TLSv1.3'] as const).flatMap((version) => [
        follow(version, ca, own, own.cert),
        follow(version, signer.ca, signer.client, signer.ca),
      ]),
    )
  })
})

describe('amounts and times', () => {
  test('a handshake that is not made, or stops in the middle, ends', async () => {
    const { port } = await serving({}, { timeouts: { header: '300ms' } })
    const [silent, stopped] = [connectTcp(port, '127.0.0.1'), connectTcp(port, '127.0.0.1')]
    stopped.write(Buffer.from('160301020001000', 'hex'))
    silent.resume()
    stopped.resume()
    await Promise.all([ended(silent), ended(stopped)])
  })

  test('who says nothing after the handshake goes as well', async () => {
    const { port } = await serving({}, { timeouts: { header: '300ms' } })
    const socket = await handshake(port)
    socket.write('GET / HTTP/1.1\r\n')
    socket.resume()
    await ended(socket)
  })

  test.each([
    ['TLS', {}],
    ['plain HTTP', undefined],
  ])('over %s there are so many connections and no more; one that goes makes room', async (_what, tls) => {
    const { port } = await serving(tls, { limits: { connections: 2 } })
    const open = async (): Promise<Socket> => {
      const socket = connectTcp(port, '127.0.0.1')
      onTestFinished(() => void socket.destroy())
      socket.on('error', () => {})
      await once(socket, 'connect')
      return socket.resume()
    }
    const first = await open()
    await open()
    const answers = async (): Promise<boolean> => {
      if (tls === undefined) return (await rawRequest(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')).responses.length > 0
      return get(port).then(
        () => true,
        () => false,
      )
    }
    await ended(await open())
    expect(await answers()).toBe(false)
    first.destroy()
    await waitFor(answers)
  })

  test.each([
    ['TLS', { tls: { certificates: [server] } }],
    ['plain HTTP', {}],
  ])('over %s who takes nothing of its answer does not keep its place', async (_what, options) => {
    const large = (request: Request, env?: FetchEnv): Response => {
      if (!request.url.endsWith('/large')) return new Response()
      // The listener gives it minutes: here a part of them, of none none.
      const { socket } = env!.incoming
      socket.setTimeout((socket.timeout ?? 0) / 400)
      return new Response(new Uint8Array(32 * 1024 * 1024))
    }
    const { url, port, close } = await serveFetch({ fetch: large }, { port: 0, limits: { connections: 1 }, ...options })
    onTestFinished(() => close({ grace: 0 }))
    const open = async (): Promise<Socket> => {
      if (url.startsWith('https')) return handshake(port)
      const socket = connectTcp(port, '127.0.0.1')
      onTestFinished(() => void socket.destroy())
      return socket
    }
    const blind = (await open()).pause()
    blind.on('error', () => {})
    blind.write('GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await waitFor(async () => {
      const socket = await open()
      socket.on('error', () => {})
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
      const [first] = await Promise.race([once(socket, 'data'), once(socket, 'close')])
      return String(first).startsWith('HTTP/1.1 200')
    })
  })

  test('closing ends what is idle, and handshakes, at once; a request under way gets its answer, the last of its connection', async () => {
    const listening = await serving({})
    const { port, seen } = listening
    const [idle, held] = [await asked(port), await handshake(port)]
    const begun = connectTcp(port, '127.0.0.1').resume()
    await once(begun, 'connect')
    held.write('GET /held HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await waitFor(() => seen.length === 2)
    const closing = listening.close({ grace: '1h' })
    await Promise.all([ended(idle.socket), ended(begun)])
    held.write('GET /late HTTP/1.1\r\nHost: localhost\r\n\r\n')
    let received = ''
    held.on('data', (piece: Buffer) => (received += piece.toString()))
    listening.release()
    await Promise.all([ended(held), closing])
    expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\n(?:.+\r\n)*connection: close\r\n/i)
    expect(seen).toHaveLength(2)
  })

  test('an answer that had begun before closing is the last of its connection as well', async () => {
    const bodies: ReadableStreamDefaultController[] = []
    const handler = { fetch: () => new Response(new ReadableStream({ start: (body) => void bodies.push(body) })) }
    const listening = await serveFetch(handler, { port: 0 })
    const socket = connectTcp(listening.port, '127.0.0.1')
    socket.on('error', () => {})
    const request = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'
    socket.write(request)
    let received = ''
    socket.on('data', (piece: Buffer) => {
      received += piece.toString()
      if (received.endsWith('\r\n0\r\n\r\n')) socket.write(request)
    })
    await waitFor(() => bodies.length === 1)
    bodies[0]!.enqueue(Buffer.from('first'))
    await waitFor(() => received.includes('first'))
    const closing = listening.close({ grace: '1h' })
    bodies[0]!.close()
    await closing
    expect([received.endsWith('\r\n0\r\n\r\n'), bodies.length]).toEqual([true, 1])
  })

  test.each([
    ['closing', async ({ close }: FetchListening) => void close({ grace: '20s' })],
    [
      'a change of who signs',
      async ({ prepareTls }: FetchListening) => (await prepareTls({ certificates: [server], ...auth('optional', stranger.ca) }))(),
    ],
  ])('%s finds a request under way also where an earlier one was answered meanwhile', async (_what, end) => {
    const listening = await serving(auth('optional'))
    const socket = await handshake(listening.port)
    let received = ''
    socket.on('data', (piece: Buffer) => (received += piece.toString()))
    const answers = (): number => received.match(/HTTP\/1\.1 200/g)?.length ?? 0
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET /held HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await waitFor(() => listening.seen.length === 2 && answers() === 1)
    await end(listening)
    listening.release()
    await waitFor(() => answers() === 2)
  })
})

describe('other certificates while it listens', () => {
  const [before, after] = [issue({ names: ['localhost'] }), issue({ names: ['localhost'] })]
  const fingerprint = ({ cert }: TestCertificate): string => new X509Certificate(cert).fingerprint256

  function folder(): string {
    const path = mkdtempSync(join(tmpdir(), 'octopus-tls-'))
    onTestFinished(() => rmSync(path, { recursive: true }))
    return path
  }

  test('files that change are shown to new connections; broken ones change nothing and are logged', async () => {
    const path = folder()
    const files = { cert: join(path, 'tls.crt'), key: join(path, 'tls.key') }
    writeFileSync(files.cert, before.cert)
    writeFileSync(files.key, before.key)
    const lines: string[] = []
    const at = (level: string) => (message: string) => void lines.push(`${level}: ${message}`)
    const log: Logger = { error: at('error'), warn: at('warn'), info: at('info'), debug() {} }
    const { port } = await serving({ certificates: [files] }, { log })
    const kept = await handshake(port)
    writeFileSync(files.cert, 'nothing')
    await waitFor(() => lines.length === 1, { timeout: 15_000 })
    expect([lines[0], (await get(port)).fingerprint]).toEqual([
      'error: certificates could not be reloaded; the last good ones stay',
      fingerprint(before),
    ])
    writeFileSync(files.cert, after.cert)
    writeFileSync(files.key, after.key)
    await waitFor(async () => (await get(port)).fingerprint === fingerprint(after), { timeout: 15_000 })
    expect(lines.at(-1)).toBe('info: certificates reloaded')
    // Its certificate says nothing of who is at the other end.
    kept.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const [answer] = (await once(kept, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200/)
  })

  test('`prepareTls` shows others when it is told to; what cannot be used is refused; without TLS nothing begins to speak it', async () => {
    const { port, prepareTls } = await serving({ certificates: [before] })
    await expect(prepareTls({ certificates: [{ cert: before.cert, key: after.key }] })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    const change = await prepareTls({ certificates: [after] })
    expect((await get(port)).fingerprint).toBe(fingerprint(before))
    change()
    expect((await get(port)).fingerprint).toBe(fingerprint(after))
    const plain = await serving(undefined)
    ;(await plain.prepareTls({ certificates: [after] }))()
    expect((await fetch(plain.url)).status).toBe(200)
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'over %s who was known by an authority that is trusted no more is known no more: not by a session, and not on an open connection',
    async (maxVersion) => {
      const listening = await serving(auth('required', stranger.ca))
      const { port, seen, prepareTls } = listening
      const old = { ...stranger.client, maxVersion }
      const { socket: idle, session } = await asked(port, old)
      const busy = await handshake(port, old)
      const begun = connectTcp(port, '127.0.0.1').resume()
      await once(begun, 'connect')
      busy.write('GET /held HTTP/1.1\r\nHost: localhost\r\n\r\n')
      await waitFor(() => seen.length === 2)
      ;(await prepareTls({ certificates: [server], ...auth('required', ca) }))()
      await Promise.all([ended(idle), ended(begun)])
      busy.write('GET /late HTTP/1.1\r\nHost: localhost\r\n\r\n')
      const received: string[] = []
      busy.on('data', (piece: Buffer) => received.push(piece.toString()))
      // The server has read what was pipelined before it answers what it held.
      await get(port, { ...client, maxVersion })
      listening.release()
      await ended(busy)
      expect(received.join('').match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200'])
      for (const given of [{}, { session }]) await expect(get(port, { ...old, ...given })).rejects.toThrow()
      expect(seen.map((one) => one?.names)).toEqual([['DNS:client.test', 'URI:spiffe://test/client'], seen[1]!.names, seen[2]!.names])
      expect(seen[2]!.fingerprint).toBe(new X509Certificate(client.cert).fingerprint256.replaceAll(':', '').toLowerCase())
    },
  )

  test('a request under way spares its own connection, not another of the same port to another address', async () => {
    const listening = await serving(auth('required', stranger.ca), { host: '0.0.0.0' })
    const { port, seen, prepareTls } = listening
    const open = async (host: string, localPort?: number): Promise<TLSSocket> => {
      const socket = connectTcp({ host, port, localAddress: '127.0.0.1', ...(localPort === undefined ? {} : { localPort }) })
      await once(socket, 'connect')
      return handshake(port, { socket, ...stranger.client })
    }
    const busy = await open('127.0.0.1')
    const idle = await open('127.0.0.2', busy.localPort)
    idle.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await once(idle, 'data')
    busy.write('GET /held HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await waitFor(() => seen.length === 2)
    ;(await prepareTls({ certificates: [server], ...auth('required', ca) }))()
    idle.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    // What came before it has been read when it is answered.
    await get(port, client)
    expect(seen).toHaveLength(3)
    listening.release()
    expect(String((await once(busy, 'data'))[0])).toMatch(/^HTTP\/1\.1 200/)
  })

  test('a new certificate of the server alone ends no connection', async () => {
    const { port, prepareTls } = await serving({ certificates: [before], ...auth('required') })
    const { socket } = await asked(port, client)
    ;(await prepareTls({ certificates: [after], ...auth('required') }))()
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200/)
  })
})
