import { TooLarge, Unreachable } from './outage.ts'

/**
 * The lines of a stream, without those that are empty. Throws, with the name of whoever writes them, `TooLarge` when one is longer than `longest` bytes, and
 * `Unreachable` when the last one has no end: programs in between may end a long answer in order, and yet in the middle of it.
 */
export async function* lines(stream: AsyncIterable<Buffer>, longest: number, name: string): AsyncGenerator<string> {
  let pieces: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    let start = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      pieces.push(chunk.subarray(start, end))
      const line = Buffer.concat(pieces).toString('utf8')
      pieces = []
      size = 0
      start = end + 1
      if (line.trim() !== '') yield line
    }
    pieces.push(chunk.subarray(start))
    size += chunk.length - start
    if (size > longest) throw new TooLarge(`${name} answers with a line of more than ${longest} bytes.`)
  }
  if (Buffer.concat(pieces).toString('utf8').trim() !== '') throw new Unreachable(`${name} has ended its answer in the middle of a line.`)
}
