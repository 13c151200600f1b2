import { answered, drop, failed } from './attempt-steps.ts'
import { begin } from './begin.ts'
import { ERRORS, GatewayError, toGatewayError } from '../errors.ts'
import { isUnwanted, mayRepeat } from './retry.ts'
import { outgoingHead } from './forward.ts'
import { SUPERSEDED } from './attempt.ts'
import type { Answered, LiveAttempt } from './attempt.ts'
import type { Context } from './request-context.ts'
import type { UpstreamAnswer, Wire } from './wire.ts'

/** Whether attempts of this request are watched while they wait for their heads. */
export function isRaced(ctx: Context): boolean {
  const { hedge, perTryTimeout } = ctx.route.retry
  return perTryTimeout !== Infinity || (hedge !== null && ctx.isRepeatable)
}

interface Runner<Out> {
  readonly attempt: LiveAttempt<Out>
  /** When it has taken too long for one attempt. */
  until: number
}

/**
 * Attempts side by side, until the first good head or the last failure. One that takes too long for one attempt is given up where another can
 * follow; beside a slow one another is made (a hedge). Who loses is given up at once.
 */
export class Race<In, Out> {
  /** The attempt that won, with its head; rejects when the last one has failed. */
  readonly winner: Promise<Answered<Out>>
  readonly #ctx: Context
  readonly #wire: Wire<In, Out>
  readonly #upload: { readonly body: In; readonly keep: number }
  readonly #runners = new Set<Runner<Out>>()
  /** An answer that would be repeated, while others are under way. */
  #held: Answered<Out> | null = null
  #hedgeAt = Infinity
  #isOver = false
  #resolve!: (winner: Answered<Out>) => void
  #reject!: (error: GatewayError) => void

  constructor(ctx: Context, wire: Wire<In, Out>, upload: { readonly body: In; readonly keep: number }, first: LiveAttempt<Out>) {
    this.#ctx = ctx
    this.#wire = wire
    this.#upload = upload
    this.winner = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#run(first)
    this.#planHedge()
    this.#setAlarm()
  }

  #run(attempt: LiveAttempt<Out>): void {
    const runner = { attempt, until: performance.now() + this.#ctx.route.retry.perTryTimeout }
    this.#runners.add(runner)
    attempt.answer.then(
      (answer) => this.#answered(runner, answer),
      (thrown: unknown) => this.#failed(runner, thrown),
    )
  }

  #answered(runner: Runner<Out>, answer: UpstreamAnswer<Out>): void {
    if (!this.#runners.delete(runner)) return
    const { attempt } = runner
    answered(this.#ctx, attempt, answer.head)
    if (this.#runners.size > 0 && isUnwanted(this.#ctx, answer.head)) {
      if (this.#held !== null) drop(this.#ctx, this.#held.attempt, SUPERSEDED)
      this.#held = { attempt, answer }
    } else this.#win({ attempt, answer })
  }

  #failed(runner: Runner<Out>, thrown: unknown): void {
    if (!this.#runners.delete(runner)) return
    const error = this.#ctx.ended ?? toGatewayError(thrown)
    failed(this.#ctx, runner.attempt, error)
    if (this.#runners.size > 0) return
    if (this.#held !== null && this.#ctx.ended === null) this.#win(this.#held)
    else {
      this.#end()
      this.#reject(error)
    }
  }

  #win(winner: Answered<Out>): void {
    const losers = [...this.#runners]
    this.#end()
    for (const { attempt } of losers) drop(this.#ctx, attempt, SUPERSEDED)
    if (this.#held !== null && this.#held !== winner) drop(this.#ctx, this.#held.attempt, SUPERSEDED)
    this.#resolve(winner)
  }

  #end(): void {
    this.#isOver = true
    this.#runners.clear()
    this.#ctx.alarm(Infinity, null)
  }

  #planHedge(): void {
    const { hedge } = this.#ctx.route.retry
    const isWanted = hedge !== null && this.#ctx.isRepeatable && this.#ctx.hedges < hedge.max
    this.#hedgeAt = isWanted ? performance.now() + hedge.delay : Infinity
  }

  #setAlarm(): void {
    let at = this.#hedgeAt
    for (const { until } of this.#runners) at = Math.min(at, until)
    this.#ctx.alarm(at, () => this.#onAlarm())
  }

  #onAlarm(): void {
    const now = performance.now()
    const ctx = this.#ctx
    const { perTryTimeout } = ctx.route.retry
    // A client that is slow to send its body says nothing about the endpoint.
    const isSent = ctx.upload === null || ctx.upload.complete
    for (const runner of this.#runners) {
      if (runner.until > now) continue
      runner.until = now + perTryTimeout
      if (isSent && mayRepeat(ctx, this.#wire.replayable(this.#upload.body))) runner.attempt.sending?.abort(tooSlow(perTryTimeout))
    }
    if (this.#hedgeAt <= now) {
      this.#planHedge()
      if (isSent && this.#wire.isWhole(this.#upload.body)) void this.#hedge(now)
    }
    this.#setAlarm()
  }

  async #hedge(now: number): Promise<void> {
    const ctx = this.#ctx
    const { upstream, route } = ctx
    if (!upstream.hasUntried(ctx) || !upstream.retryBudget.take(route.retry.budget, now)) return
    const endpoint = upstream.pick(ctx)
    if (endpoint === undefined) return
    ctx.hedges += 1
    try {
      const head = outgoingHead(ctx, endpoint)
      for (const hook of route.phases.onUpstreamRequest ?? []) await hook(ctx, head, endpoint)
      if (this.#isOver || ctx.ended !== null) return
      this.#run(begin(ctx, this.#wire, { endpoint, head, ...this.#upload }))
      this.#planHedge()
      this.#setAlarm()
    } catch (thrown) {
      // The first attempt is still under way: it decides.
      ctx.log.error('plugin failed in onUpstreamRequest', { reason: toGatewayError(thrown).message, request_id: ctx.id })
    }
  }
}

function tooSlow(ms: number): GatewayError {
  return new GatewayError('UPSTREAM_TIMEOUT', `No head came within ${ms} ms (per_try_timeout).`, undefined, TOO_SLOW)
}

const TOO_SLOW = { ...ERRORS.UPSTREAM_TIMEOUT, retry: 'idempotent' } as const
