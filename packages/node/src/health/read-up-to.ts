import { GatewayError } from '@octopus-gateway/core'
import type { Flow } from '../flow.ts'
import type { HeaderList } from '@octopus-gateway/core'

const ENOUGH = new GatewayError('UPSTREAM_PROTOCOL', 'More of this answer is not looked at.')

/** The beginning of a body, and its trailers when it ended within. Rejects when it breaks off before. */
export function readUpTo(most: number, flow: Flow): Promise<{ readonly bytes: Buffer; readonly trailers: HeaderList | null }> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    let size = 0
    flow.attach({
      chunk(bytes) {
        // Memory may be used again for the next piece.
        pieces.push(Buffer.from(bytes.subarray(0, most - size)))
        size += bytes.length
        if (size < most) return true
        resolve({ bytes: Buffer.concat(pieces), trailers: null })
        flow.abort(ENOUGH)
        return false
      },
      end: (trailers) => resolve({ bytes: Buffer.concat(pieces), trailers }),
      fail: reject,
    })
  })
}
