import { GatewayError } from '@octopus-gateway/core'
import type { Flow } from './flow.ts'

const ENOUGH = new GatewayError('UPSTREAM_PROTOCOL', 'More of this answer is not looked at.')

/** Reads a body and throws it away, `most` bytes of it; then it is given up. Rejects when it breaks off before. */
export function drainFlow(flow: Flow, most: number): Promise<void> {
  if (flow.takeWhole() !== null) return Promise.resolve()
  let left = most
  return new Promise((resolve, reject) => {
    flow.attach({
      chunk(bytes) {
        left -= bytes.length
        if (left >= 0) return true
        resolve()
        flow.abort(ENOUGH)
        return false
      },
      end: () => resolve(),
      fail: reject,
    })
  })
}
