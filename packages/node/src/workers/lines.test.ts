import { expect, test } from 'vitest'
import { forwardLines } from './lines.ts'
import { PassThrough } from 'node:stream'

async function forwarded(...pieces: readonly Buffer[]): Promise<string[]> {
  const written: string[] = []
  const stream = new PassThrough()
  forwardLines(stream, (lines) => written.push(lines))
  for (const piece of pieces) {
    stream.write(piece)
    await new Promise(setImmediate)
  }
  stream.end()
  await new Promise(setImmediate)
  return written
}

test('every write is of whole lines, wherever they are cut on the way', async () => {
  const bytes = Buffer.from('one\ntwo ü\nthree\n')
  for (let cut = 0; cut <= bytes.length; cut++) {
    const written = await forwarded(bytes.subarray(0, cut), bytes.subarray(cut))
    expect(written.join('')).toBe('one\ntwo ü\nthree\n')
    expect(written.every((lines) => lines.endsWith('\n'))).toBe(true)
  }
})

test('the last line is not lost when it has no end', async () => {
  expect(await forwarded(Buffer.from('one\ntw'), Buffer.from('o'))).toEqual(['one\n', 'two\n'])
})

test('a line without an end is cut, not kept for ever', async () => {
  const written = await forwarded(...Array.from({ length: 40 }, () => Buffer.alloc(64 * 1024, 'x')))
  expect(written.length).toBeGreaterThan(1)
  expect(Math.max(...written.map(({ length }) => length))).toBeLessThan(1.2 * 1024 * 1024)
})
