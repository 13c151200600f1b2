/** How fast what was seen is forgotten: to a third in this time. */
const FADING_MS = 10_000
/** How much one outcome counts for the share of failures. */
const STEP = 0.2
/** A smaller share of failures is none, so that an endpoint that works again is like the others again. */
const FEW = 0.05
/** The worst share of answers that is told apart. */
const LEAST = 0.05
/** A shorter latency, in milliseconds, has faded away: as good as never measured. */
const FADED_MS = 0.001

/** How one endpoint has been doing, seen from one upstream. */
export class Record {
  #failing = 0
  #failingAt = 0
  #latency = 0
  #latencyAt = 0

  /**
   * An answer came after `ms`. A latency that is longer than what was seen before counts at once, a shorter one as much as time has passed:
   * who gets slow is noticed at the first request, who gets fast has to show it.
   */
  answered(ms: number, now: number): void {
    this.#failing = this.#failingNow(now) * (1 - STEP)
    this.#failingAt = now
    const before = this.latency(now)
    const kept = Math.exp((this.#latencyAt - now) / FADING_MS)
    this.#latency = before < FADED_MS || ms > before ? Math.max(ms, FADED_MS) : this.#latency * kept + ms * (1 - kept)
    this.#latencyAt = now
  }

  /** No answer came, or one that says that none could be given. It tells nothing of latency but at least the usual one: failing fast is not being fast. */
  failed(ms: number, usual: number, now: number): void {
    const failing = this.#failingNow(now)
    this.#failing = failing + (1 - failing) * STEP
    this.#failingAt = now
    this.#latency = Math.max(this.latency(now), ms, usual)
    this.#latencyAt = now
  }

  /** Milliseconds to the head, the peak of late; 0 when nothing is known. Fades, so that an endpoint that was slow once is tried again. */
  latency(now: number): number {
    if (this.#latency === 0) return 0
    const latency = this.#latency * Math.exp((this.#latencyAt - now) / FADING_MS)
    return latency < FADED_MS ? 0 : latency
  }

  /** What being sent to it costs more because requests fail there: 1 for an endpoint that works, up to 400. */
  risk(now: number): number {
    if (this.#failing === 0) return 1
    const failing = this.#failingNow(now)
    if (failing < FEW) return 1
    const success = Math.max(LEAST, 1 - failing)
    return 1 / (success * success)
  }

  #failingNow(now: number): number {
    return this.#failing === 0 ? 0 : this.#failing * Math.exp((this.#failingAt - now) / FADING_MS)
  }
}
