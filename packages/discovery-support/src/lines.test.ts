import { expect, test } from 'vitest'
import { lines } from './lines.ts'

async function linesOf(chunks: readonly string[], longest = 100): Promise<string[]> {
  async function* stream(): AsyncGenerator<Buffer> {
    for (const chunk of chunks) yield Buffer.from(chunk, 'latin1')
  }
  const found: string[] = []
  for await (const line of lines(stream(), longest, 'Registry')) found.push(line)
  return found
}

test('lines are those of the whole stream, however it is cut', async () => {
  const text = Buffer.from('{"a":"ü"}\n\n{"b":2}\n').toString('latin1')
  for (let size = 1; size <= text.length; size++) {
    const chunks = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
    expect(await linesOf(chunks), String(size)).toEqual(['{"a":"ü"}', '{"b":2}'])
  }
})

test('a stream that ends in the middle of a line has broken off, and a line without end is refused', async () => {
  await expect(linesOf(['{"a":1}\n{"b"'])).rejects.toThrow('Registry has ended its answer in the middle of a line.')
  expect(await linesOf(['{"a":1}\n', ' '])).toEqual(['{"a":1}'])
  await expect(linesOf(['x'.repeat(60), 'x'.repeat(60)])).rejects.toThrow('Registry answers with a line of more than 100 bytes.')
})
