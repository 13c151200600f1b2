import { request } from 'node:http'

/** What `node:http`, and so llhttp, makes of an answer. */
export interface NodeOutcome {
  readonly status?: number
  /** latin1, what came of it. */
  readonly body: string
  readonly error?: string
}

/** Asks with the client of Node, on a connection of its own. */
export function askNode(origin: string, target: string, method = 'GET'): Promise<NodeOutcome> {
  return new Promise((resolve) => {
    let status: number | undefined
    let body = ''
    const settle = (error?: NodeJS.ErrnoException): void =>
      resolve({ ...(status === undefined ? {} : { status }), body, ...(error === undefined ? {} : { error: error.code ?? error.message }) })
    const asking = request(`${origin}${target}`, { method, agent: false, joinDuplicateHeaders: true })
    asking.on('error', settle)
    asking.on('upgrade', (_response, socket) => {
      socket.destroy()
      settle(new Error('upgraded'))
    })
    asking.on('response', (response) => {
      status = response.statusCode
      response.on('data', (piece: Buffer) => (body += piece.toString('latin1')))
      response.on('error', settle)
      response.on('end', () => settle())
    })
    asking.end()
  })
}
