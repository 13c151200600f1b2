import { onHead } from '@octopus-gateway/testing'
import { rawOrigin } from '../../support/upstreams.ts'
import { setTimeout as wait } from 'node:timers/promises'
import type { RawServer } from '@octopus-gateway/testing'
import type { Script } from './scripts.ts'

/** What the second request on a connection gets. */
export const SECOND = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond'

/** Answers the first request with a script, cut into parts of one packet each, and any further one with `SECOND`. */
export function scriptedOrigin({ bytes, closes = false }: Pick<Script, 'bytes' | 'closes'>, cuts: readonly number[]): Promise<RawServer> {
  const parts = [0, ...cuts].map((from, i) => bytes.slice(from, cuts[i]))
  let requests = 0
  const second = onHead((socket) => void socket.write(SECOND))
  return rawOrigin(
    onHead((socket) => {
      requests += 1
      if (requests > 1) {
        socket.write(SECOND)
        return
      }
      void (async () => {
        for (const [i, part] of parts.entries()) {
          if (i > 0) await wait(1)
          if (socket.destroyed) return
          if (part !== '') socket.write(part, 'latin1')
        }
        if (closes) socket.end()
        else second(socket)
      })()
    }),
  )
}
