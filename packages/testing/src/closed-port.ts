import { createServer } from 'node:net'
import { listen } from './listen.ts'

/** A port of 127.0.0.1 where nothing listens: connecting to it is refused. It was free a moment ago; nothing reserves it. */
export async function closedPort(): Promise<number> {
  const listening = await listen(createServer(), 0)
  await listening.close()
  return listening.port
}
