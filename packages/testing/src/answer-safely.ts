import type { ServerResponse } from 'node:http'

/**
 * Runs a handler; what it throws becomes a 500 with the message, or a cut connection when a head was sent already. A client that
 * has gone needs no answer: the broken read is not a failure of the handler.
 */
export async function answerSafely(response: ServerResponse, handler: () => void | Promise<void>): Promise<void> {
  try {
    await handler()
  } catch (thrown) {
    if (response.destroyed) return
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    if (response.headersSent) response.destroy()
    else response.writeHead(500, { 'content-type': 'text/plain' }).end(`The handler of this test service failed: ${message}\n`)
  }
}
