import { describe, expect, test } from 'vitest'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { openClient, webSocketService } from './support/peers.ts'
import { requirePythonModule } from '../../../../tests/support/components.ts'
import { running } from '../support/running.ts'
import { spawn } from 'node:child_process'
import { to } from '../support/upstreams.ts'
import type { ChildProcessByStdio } from 'node:child_process'
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'

const python = requirePythonModule('websockets')

const SERVER = `
import asyncio, websockets

async def echo(socket):
    print(socket.path, socket.request_headers["Sec-WebSocket-Protocol"], flush=True)
    async for message in socket:
        if message == "close":
            await socket.close(4321, "as you wish")
            return
        else:
            await socket.send(message)

async def main():
    server = await websockets.serve(echo, "127.0.0.1", 0, subprotocols=["v2", "v1"], max_size=2**24)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Future()

asyncio.run(main())
`

const CLIENT = `
import asyncio, os, sys, websockets

async def main():
    async with websockets.connect(sys.argv[1], subprotocols=["v1", "v2"], max_size=2**24, ping_interval=None) as socket:
        print(socket.subprotocol, [e.name for e in socket.extensions], flush=True)
        text = "python " * 1000
        await socket.send(text)
        assert await socket.recv() == text
        big = os.urandom(4 * 1024 * 1024)
        await socket.send(big)
        assert await socket.recv() == big
        async def pieces():
            for piece in ("in ", "three ", "parts"):
                yield piece
        await socket.send(pieces())
        assert await socket.recv() == "in three parts"
        await (await socket.ping(b"there?"))
        await socket.close(1000, "done")
    print("closed", socket.close_code, flush=True)
    try:
        await websockets.connect(sys.argv[1] + "/denied")
    except websockets.exceptions.InvalidStatusCode as error:
        print("status", error.status_code, flush=True)

asyncio.run(main())
`

function run(script: string, ...args: string[]): { child: ChildProcessByStdio<null, Readable, null>; lines: AsyncIterator<string> } {
  const child = spawn(python!, ['-c', script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines = (async function* () {
    let rest = ''
    for await (const piece of child.stdout as AsyncIterable<Buffer>) {
      const parts = (rest + piece.toString()).split('\n')
      rest = parts.pop()!
      yield* parts
    }
  })()
  return { child, lines }
}

describe.skipIf(python === undefined)('python3-websockets', () => {
  test('as a client of a service made of ws', async () => {
    const closes: number[] = []
    const up = await webSocketService(
      (socket) => {
        socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
        socket.on('close', (code) => closes.push(code))
      },
      {
        perMessageDeflate: true,
        maxPayload: 2 ** 24,
        handleProtocols: () => 'v2',
        verifyClient: ({ req }: { req: IncomingMessage }) => req.url !== '/room/denied',
      },
    )
    const { port } = await running(to(up))
    const { child, lines } = run(CLIENT, `ws://127.0.0.1:${port}/room`)
    expect((await lines.next()).value).toBe("v2 ['permessage-deflate']")
    expect((await lines.next()).value).toBe('closed 1000')
    expect((await lines.next()).value).toBe('status 401')
    expect((await once(child, 'exit'))[0]).toBe(0)
    expect(closes).toEqual([1000])
  })

  test('as a service for a client made of ws', async () => {
    const { lines } = run(SERVER)
    const origin = `http://127.0.0.1:${(await lines.next()).value}`
    const { port, server } = await running(to({ origin }))
    const client = await openClient(port, '/py?x=1', { protocols: ['v1', 'v3'], perMessageDeflate: { threshold: 0 } })
    expect((await lines.next()).value).toBe('/py?x=1 v1,v3')
    expect(client.socket.protocol).toBe('v1')
    expect(client.socket.extensions).toContain('permessage-deflate')
    client.socket.send('to python')
    expect(await client.next()).toBe('to python')
    client.socket.ping('there?')
    await once(client.socket, 'pong')
    client.socket.send('close')
    expect(await client.closed).toEqual({ code: 4321, reason: 'as you wish' })
    // And it goes when the gateway goes.
    const last = await openClient(port, '/', { protocols: ['v2'] })
    await server.close({ grace: '10s' })
    expect((await last.closed).code).toBe(1001)
  })
})
