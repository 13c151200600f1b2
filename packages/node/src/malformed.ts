import { Connection } from './connection.ts'
import { ERRORS, GatewayError } from '@octopus-gateway/core'
import { discard, linger } from './linger.ts'
import type { Duplex } from 'node:stream'
import type { ErrorCode } from '@octopus-gateway/core'
import type { Socket } from 'node:net'

/** How long an answer to a broken body may take. */
const ANSWER_MS = 5_000

/**
 * Answers what Node's parser refused, or what came too late. The connection ends: nothing after a malformed message can be trusted. Tells
 * whether there was no request yet that could be answered, and counted, for it.
 */
export function refuseMalformed(error: Error & { code?: string }, duplex: Duplex): boolean {
  const socket = duplex as Socket
  if (error.code === 'ECONNRESET' || error.code === 'EPIPE' || !socket.writable) {
    socket.destroy()
    return false
  }
  const code = codeOf(error.code)
  const connection = Connection.of(socket)
  const { newest } = connection
  if (newest === undefined) {
    writeProblem(socket, code)
    return true
  }
  discard(socket)
  connection.isLast = true
  // A message broken in its body: the upstream must never take it for a whole one. Behind a whole request, that one is still answered.
  if (!newest.isReceived) newest.ctx.end(new GatewayError(code))
  const timer = setTimeout(() => socket.destroy(), ANSWER_MS)
  socket.once('close', () => clearTimeout(timer))
  return false
}

/** There is no request object: the problem document is written by hand. */
export function writeProblem(socket: Socket, code: ErrorCode): void {
  const { status, title } = ERRORS[code]
  const body = JSON.stringify({ type: 'about:blank', title, status, code })
  socket.write(
    `HTTP/1.1 ${status} ${REASONS[status] ?? 'Error'}\r\ncontent-type: application/problem+json\r\ncontent-length: ${body.length}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n${body}`,
  )
  discard(socket)
  linger(socket)
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
  501: 'Not Implemented',
}

function codeOf(code: string | undefined): ErrorCode {
  if (code === 'HPE_HEADER_OVERFLOW') return 'HEADERS_TOO_LARGE'
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'REQUEST_TIMEOUT' : 'BAD_REQUEST'
}
