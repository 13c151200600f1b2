import { createServer } from 'node:net'

/** Where no system takes ports for outgoing connections: a port that is given up for a while is still there afterwards. */
const LOW = 12_000
const HIGH = 30_000

/** A port that stays free when nobody listens on it. */
export async function lastingPort() {
  for (let tries = 0; tries < 50; tries++) {
    const port = LOW + Math.floor(Math.random() * (HIGH - LOW))
    if (await isFree(port)) return port
  }
  throw new Error(`No free port between ${LOW} and ${HIGH} in 50 tries.`)
}

async function isFree(port) {
  const server = createServer()
  const free = await new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })
  if (free) await new Promise((resolve) => server.close(resolve))
  return free
}
