import { GatewayError } from '../errors.ts'
import type { Generation } from '../snapshot/current.ts'
import type { LiveEndpoint } from '../upstream/endpoint-state.ts'
import type { LiveUpstream } from '../upstream/live-upstream.ts'
import type { Sending, Wire } from './wire.ts'
import type { Timed } from './deadlines.ts'

/** What became of a copy, or why there was none. */
export type MirrorOutcome = 'answered' | 'failed' | 'timeout' | 'no_endpoint' | 'skipped_body' | 'skipped_busy' | 'skipped_gone'

/** What is read of an answer that is thrown away: enough for most to come to their end, so that their connection can be used again. */
const MOST_ANSWER = 1024 * 1024

/** What a copy holds until it is over. */
export interface Held {
  readonly upstream: LiveUpstream
  readonly endpoint: LiveEndpoint
  readonly lease: Generation
}

/** One copy of a request under way: nobody waits for it, and its answer is thrown away. */
export class Copy<In, Out> implements Timed {
  deadline: number
  timedNext: Timed | null = null
  timedPrevious: Timed | null = null
  readonly #held: Held
  readonly #sending: Sending<Out>
  readonly #ended: (copy: Copy<In, Out>, outcome: MirrorOutcome) => void
  #isOver = false

  constructor(
    held: Held,
    sending: Sending<Out>,
    { timeout, ended }: { timeout: number; ended: (copy: Copy<In, Out>, outcome: MirrorOutcome) => void },
  ) {
    this.deadline = performance.now() + timeout
    this.#held = held
    this.#sending = sending
    this.#ended = ended
    held.upstream.began(held.endpoint)
  }

  /** Throws the answer away as it comes. */
  async drain(wire: Wire<In, Out>): Promise<void> {
    try {
      const { body } = await this.#sending.answer
      if (this.#isOver) return
      await wire.drain(body, MOST_ANSWER)
      this.#over('answered')
    } catch (thrown) {
      this.#over(GatewayError.is(thrown) && thrown.code === 'UPSTREAM_TIMEOUT' ? 'timeout' : 'failed')
    }
  }

  expire(): void {
    this.#giveUp(new GatewayError('UPSTREAM_TIMEOUT'), 'timeout')
  }

  /** The gateway ends. */
  end(error: GatewayError): void {
    this.#giveUp(error, 'failed')
  }

  #giveUp(error: GatewayError, outcome: MirrorOutcome): void {
    this.#over(outcome)
    this.#sending.abort(error)
  }

  #over(outcome: MirrorOutcome): void {
    if (this.#isOver) return
    this.#isOver = true
    const { upstream, endpoint, lease } = this.#held
    upstream.copyLeft(endpoint)
    this.#ended(this, outcome)
    lease.release()
  }
}
