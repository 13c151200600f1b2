import { acceptFor, answerProblem, handshakeProblem } from './handshake.ts'
import { expect, test } from 'vitest'
import { HeaderList } from '@octopus-gateway/core'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

test('the accept of the example in RFC 6455', () => {
  expect(acceptFor(KEY)).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
})

test.each([
  ['permessage-deflate', 'permessage-deflate; client_max_window_bits=10', null],
  ['a; x="1, b", c', 'c', null],
  ['a; x="1, b", c', 'b', 'extension'],
  ['A', 'a', null],
  ['', 'a', 'extension'],
])('offered %s, chosen %s', (offered, chosen, problem) => {
  const asked = new HeaderList(['sec-websocket-key', KEY, 'sec-websocket-extensions', offered])
  const answered = new HeaderList(['Upgrade', 'WebSocket', 'Connection', 'keep-alive, upgrade', 'Sec-WebSocket-Accept', acceptFor(KEY)])
  answered.append('sec-websocket-extensions', chosen)
  const found = answerProblem(asked, answered)
  if (problem === null) expect(found).toBeNull()
  else expect(found).toContain(problem)
})

test('a declared length of nothing is no body', () => {
  const headers = new HeaderList(['host', 'a', 'sec-websocket-key', KEY, 'sec-websocket-version', '13', 'content-length', '0'])
  expect(handshakeProblem('GET', headers)).toBeNull()
})
