import { describe, expect, test } from 'vitest'
import * as fc from 'fast-check'
import { readMessage } from './message.ts'

const read = (text: string, framing = {}) => readMessage(Buffer.from(text, 'latin1'), framing)

describe('readMessage', () => {
  test('waits for the whole head and the whole body', () => {
    const whole = 'POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc'
    for (let length = 0; length < whole.length; length++) expect(read(whole.slice(0, length))).toBeUndefined()
    expect(read(`${whole}next`)).toMatchObject({ startLine: 'POST / HTTP/1.1', size: whole.length })
  })

  test('undoes chunked coding with extensions and trailers', () => {
    const text = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\nX-Trailer: 1\r\n\r\nrest'
    const message = read(text)!
    expect(message.body.toString()).toBe('ok')
    expect(text.slice(message.size)).toBe('rest')
  })

  test('a response without length ends with the connection', () => {
    const text = 'HTTP/1.1 200 OK\r\n\r\nuntil the end'
    expect(read(text, { untilClose: true })).toBeUndefined()
    expect(read(text, { untilClose: true, ended: true })!.body.toString()).toBe('until the end')
  })

  test('a bodiless message ends with its head whatever its length says', () => {
    expect(read('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', { bodiless: true })!.body).toHaveLength(0)
  })

  test('any body in any chunks comes back as it was, and a cut one never counts as whole', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { maxLength: 6 }), fc.nat(), (chunks, cut) => {
        const parts = chunks.flatMap((chunk) => [Buffer.from(`${chunk.length.toString(16)}\r\n`), Buffer.from(chunk), Buffer.from('\r\n')])
        const bytes = Buffer.concat([
          Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'),
          ...parts,
          Buffer.from('0\r\n\r\n'),
        ])
        expect(readMessage(bytes)!.body).toEqual(Buffer.concat(chunks))
        expect(readMessage(bytes)!.size).toBe(bytes.length)
        expect(readMessage(bytes.subarray(0, cut % bytes.length))).toBeUndefined()
      }),
      { numRuns: 100 },
    )
  })
})
