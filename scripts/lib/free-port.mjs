import { connect } from 'node:net'

/** Below what systems give out to whoever asks for any port, so that no other program gets one by chance. */
const FROM = 15_000
const TO = 30_000

/** A port of 127.0.0.1 where nobody listens at this moment. */
export async function freePort() {
  for (;;) {
    const port = FROM + Math.floor(Math.random() * (TO - FROM))
    if (await isRefused(port)) return port
  }
}

function isRefused(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', (error) => resolve(error.code === 'ECONNREFUSED'))
  })
}
