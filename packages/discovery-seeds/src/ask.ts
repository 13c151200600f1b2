import { Outage, unreachable } from './outage.ts'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { IncomingMessage } from 'node:http'

/** Bytes of one answer: room for a whole manifest among the metadata. */
const LONGEST_ANSWER = 256 * 1024
/** Until an answer is complete. Milliseconds. */
const TIMEOUT = 5_000

/** What came back, whatever the status; a redirect is not followed. */
export interface Answer {
  readonly status: number
  readonly text: string
}

/** Asks a seed who it is. Rejects with an `Outage` when there is no answer, and with the reason of `signal` when that aborts. */
export function ask(seed: string, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const send = /^https:/i.test(seed) ? httpsRequest : httpRequest
    // A connection for each question: between two of them most services would have closed it.
    const request = send(`${seed}/_farp/discovery`, { agent: false, signal, headers: { accept: 'application/json' } })
    let late: Outage | undefined
    const fail = (error: Error): void => {
      if (signal.aborted) reject(signal.reason instanceof Error ? signal.reason : error)
      else reject(late ?? (error instanceof Outage ? error : unreachable(seed, error)))
    }
    const timer = setTimeout(() => {
      late = new Outage(`The seed ${seed} did not answer within ${TIMEOUT} ms.`)
      request.destroy(late)
    }, TIMEOUT)
    request.on('close', () => clearTimeout(timer))
    request.on('error', fail)
    request.on('response', (response) => {
      collect(response, seed).then(resolve, (error: Error) => {
        request.destroy()
        fail(error)
      })
    })
    request.end()
  })
}

async function collect(response: IncomingMessage, seed: string): Promise<Answer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > LONGEST_ANSWER) throw new Outage(`The seed ${seed} answered with more than ${LONGEST_ANSWER} bytes: is this a service?`)
    chunks.push(chunk)
  }
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }
}
