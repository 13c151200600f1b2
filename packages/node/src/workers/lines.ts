/** A line that goes on for longer is cut there. */
const LONGEST_LINE = 1024 * 1024

/**
 * Hands on what a process writes, whole lines at a time. Processes that wrote to one pipe themselves would mix up their lines in the middle: a write
 * is whole only up to 4 KiB (PIPE_BUF).
 */
export function forwardLines(stream: NodeJS.ReadableStream, write: (lines: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const end = text.lastIndexOf('\n') + 1
    if (end === 0) rest += text
    else {
      write(rest + text.slice(0, end))
      rest = text.slice(end)
    }
    if (rest.length > LONGEST_LINE) {
      write(`${rest}\n`)
      rest = ''
    }
  })
  stream.on('end', () => {
    if (rest !== '') write(`${rest}\n`)
  })
}
