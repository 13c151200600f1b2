import type { IncomingMessage } from 'node:http'

/**
 * The bytes of a request that Node took for an upgrade, without the field that made it one and with everything else as it came, for Node to
 * read once more. An `Upgrade` to anything but `websocket` is to be ignored (RFC 9110, section 7.8): Java's HttpClient and `curl --http2` offer
 * `h2c` with every first request. Node's parser stops behind such a head whatever it is told, and would lose what follows.
 */
export function withoutUpgrade(req: IncomingMessage): Buffer {
  const { rawHeaders } = req
  let head = `${req.method} ${req.url} HTTP/${req.httpVersion}\r\n`
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.toLowerCase() !== 'upgrade') head += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`
  }
  return Buffer.from(`${head}\r\n`, 'latin1')
}
