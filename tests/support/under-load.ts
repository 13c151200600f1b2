import { setTimeout as sleep } from 'node:timers/promises'

/** Clients that ask one after the other. */
const CLIENTS = 4

/** How many answers there were of each status, or failures of each message. */
export type Counts = Readonly<Record<string, number>>

/** The status of an answer that has come completely. */
export async function statusOf(url: string): Promise<number> {
  const response = await fetch(url)
  await response.arrayBuffer()
  return response.status
}

/** Requests of several clients while something happens, which sees how they go. */
export async function underLoad(url: string, run: (counts: Counts) => Promise<unknown>): Promise<Counts> {
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
    await run(counts)
  } finally {
    over.abort()
    await Promise.all(clients)
  }
  return counts
}
