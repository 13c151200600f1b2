import { setTimeout as sleep } from 'node:timers/promises'

/** Clients that ask one after the other. */
const CLIENTS = 4

/** The status of an answer that has come completely. */
export async function statusOf(url: string): Promise<number> {
  const response = await fetch(url)
  await response.arrayBuffer()
  return response.status
}

/** Requests of several clients while something happens: how many answers there were of each status, or failures of each message. */
export async function underLoad(url: string, run: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {}
  const over = new AbortController()
  const clients = Array.from({ length: CLIENTS }, async () => {
    while (!over.signal.aborted) {
      const answered = await statusOf(url).then(String, (error: Error) => error.message)
      counts[answered] = (counts[answered] ?? 0) + 1
      await sleep(2)
    }
  })
  try {
    await run()
  } finally {
    over.abort()
    await Promise.all(clients)
  }
  return counts
}
