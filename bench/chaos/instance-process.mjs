// One instance: node instance-process.mjs '{"ports":[…],"seed":1}'. Its parent tells it how to be; it tells what it has done when asked.
import { http1Instance } from './http1-instance.mjs'
import { http2Instance } from './http2-instance.mjs'
import { once } from 'node:events'
import { randomOf } from './random.mjs'

const { ports, seed } = JSON.parse(process.argv[2])
const state = { mode: 'ok' }
const random = randomOf(seed)
let done = {}
const count = (what) => (done[what] = (done[what] ?? 0) + 1)
const sides = [http1Instance(state, random, count), http2Instance(state, random, count)]

async function open() {
  for (const [i, { server }] of sides.entries()) {
    if (server.listening) continue
    server.listen(ports[i], '127.0.0.1')
    await once(server, 'listening')
  }
}

/** What hangs, trickles or talks nonsense does not outlive its time: an instance that works again has no connection from before. */
function drop() {
  for (const { sockets } of sides) for (const socket of sockets) socket.destroy()
}

process.on('message', async ({ mode }) => {
  const before = state.mode
  state.mode = mode
  if (mode === 'refusing') for (const { server } of sides) server.close()
  if (mode === 'refusing' || (mode === 'garbage' && before === 'ok')) drop()
  if (mode === 'ok') {
    if (before !== 'slow' && before !== 'failing' && before !== 'stale') drop()
    await open()
  }
  process.send({ mode, done })
  done = {}
})
process.on('disconnect', () => process.exit())
await open()
process.send({ mode: 'ok', done: {} })
