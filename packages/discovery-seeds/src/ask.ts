import { HttpClient, Outage, remediesOf, SYSTEM_TRUST } from '@octopus-gateway/discovery-support'

/** What is asked for, behind the address of a seed. */
export const PATH = '/_farp/discovery'
/** Bytes of one answer: room for a whole manifest among the metadata. */
const LONGEST_ANSWER = 256 * 1024
/** Until an answer is complete. Milliseconds. */
const TIMEOUT = 5_000

const REMEDIES = remediesOf({ address: 'urls', server: 'the service', ...SYSTEM_TRUST })

/** How messages about a seed begin. */
export const nameOf = (seed: string): string => `The seed ${seed}`

/** What came back, whatever the status; a redirect is not followed. */
export interface Told {
  readonly status: number
  readonly text: string
}

/** Asks a seed who it is. Rejects with an `Outage` when there is no answer, and with the reason of `signal` when that aborts. */
export async function ask(seed: string, signal: AbortSignal): Promise<Told> {
  const place = { name: nameOf(seed), origin: seed, tls: /^https:/i.test(seed) ? {} : null, remedies: REMEDIES }
  // A connection for each question: between two of them most services would have closed it.
  const client = new HttpClient(place, { keepAlive: false })
  const answer = await client.ask({ path: PATH, times: { head: TIMEOUT }, signal })
  return { status: answer.status, text: await answer.text(LONGEST_ANSWER) }
}

/** What is done about an answer that is none. */
export function refusal(seed: string, status: number): Outage {
  return new Outage(`${nameOf(seed)} answered ${status}: ${remedyFor(status)}.`)
}

function remedyFor(status: number): string {
  if (status >= 300 && status < 400) return 'redirects are not followed; write the address of the service itself'
  return status === 401 || status === 403 ? `${PATH} has to be open to the gateway` : `does it serve ${PATH}?`
}
