import { connect } from 'node:net'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { spawn } from 'node:child_process'
import type { Socket } from 'node:net'

const LISTEN =
  "const s = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port))"

/** An origin to which no connection is ever made: a stopped process whose queue of connections is full, so that the system answers nothing. */
export async function fullBacklog(): Promise<{ origin: string }> {
  const child = spawn(process.execPath, ['-e', LISTEN], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(line.toString())
  child.kill('SIGSTOP')
  const sockets: Socket[] = []
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()))
  // Until one hangs: how many fit differs between systems.
  for (let isOpen = true; isOpen;) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    sockets.push(socket)
    isOpen = await Promise.race([
      once(socket, 'connect').then(() => true),
      new Promise<false>((resolve) => setTimeout(() => resolve(false), 150)),
    ])
  }
  return { origin: `http://127.0.0.1:${port}` }
}
