// k6 run --vus 100 --duration 30s bench/k6/websocket.js: every user sends a message of BYTES (100), waits for its echo and sends it again, for ten seconds.
import { check } from 'k6'
import { Counter, Trend } from 'k6/metrics'
import ws from 'k6/ws'

const url = __ENV.URL ?? 'ws://127.0.0.1:8080/'
const message = 'x'.repeat(Number(__ENV.BYTES ?? 100))
const echoes = new Counter('echoes')
const echoTime = new Trend('echo_time', true)

export const options = { thresholds: { checks: ['rate>0.999'] } }

export default function talk() {
  let sentAt = 0
  const response = ws.connect(url, {}, (socket) => {
    const send = () => {
      sentAt = Date.now()
      socket.send(message)
    }
    socket.on('open', send)
    socket.on('message', (text) => {
      check(text, { 'comes back as it was': (echo) => echo === message })
      echoes.add(1)
      echoTime.add(Date.now() - sentAt)
      send()
    })
    socket.setTimeout(() => socket.close(), 10_000)
  })
  check(response, { 'is upgraded': ({ status }) => status === 101 })
}
