import { Hono } from 'hono'
import { compilePhases } from '../plugin/compile.ts'
import { codingOf, failed, firstReply, preflightReply } from '../exchange/engine.ts'
import { GatewayError, toGatewayError } from '../errors.ts'
import { HeaderList } from '../headers.ts'
import { localResponse, toResponse, toWholeResponse } from './bodies.ts'
import { wholeBody } from './whole-response.ts'
import type { CompiledPhases } from '../plugin/phases.ts'
import type { Answer } from '../exchange/answer.ts'
import type { Context } from '../exchange/request-context.ts'
import type { Hooks } from '../plugin/plugin.ts'
import type { Context as HonoContext, MiddlewareHandler } from 'hono'
import type { ResponseHead } from '../exchange/head.ts'
import type { WebBody } from './bodies.ts'

/** One request on its way through a route's Hono instance. */
interface Passing {
  readonly ctx: Context
  /** Sends the request as the last middleware left it. */
  forward(c: HonoContext): Promise<Answer<WebBody>>
  /** From here to the end of the list the plugins' `onResponse` has run. */
  responded: number
  /** Whether the upstream has answered. */
  isAnswered: boolean
  /** The body of the upstream's answer as the middlewares got it. */
  passed: ReadableStream | null
}

type Env = { Bindings: Passing; Variables: { octopus: Context } }

/**
 * The web lane of one list of plugins: consecutive phase plugins become one step, Hono middlewares stand where the author put them. The
 * router only repeats the match already made, so there is no second router to disagree with the first.
 */
export class WebApp {
  readonly #hono: Hono<Env>
  readonly #count: number
  #params: Record<string, string> = {}
  #template = ''

  constructor(hooks: readonly Hooks[]) {
    const chain: readonly MiddlewareHandler<Env>[] = [outermost(hooks), ...stepsOf(hooks), terminal]
    this.#count = hooks.length
    this.#hono = new Hono<Env>({
      // Called right before `match`, in the same tick.
      getPath: (request, options) => {
        const { route, params } = options!.env!.ctx
        this.#params = encoded(params)
        this.#template = route.path
        return new URL(request.url).pathname
      },
      router: {
        name: 'octopus',
        add() {},
        match: (method) => [
          chain.map((handler) => [
            [handler as never, { basePath: '/', path: this.#template, method, handler: handler as never }],
            this.#params,
          ]),
        ],
      },
    })
    this.#hono.onError((error, c) => onThrown(error, c))
  }

  async respond(request: Request, ctx: Context, forward: Passing['forward']): Promise<Response> {
    return this.#hono.fetch(request, { ctx, forward, responded: this.#count, passed: null, isAnswered: false })
  }
}

/** Hono decodes a parameter when it is read; ours are decoded already and must come out as they are. */
function encoded(params: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, encodeURIComponent(value)]))
}

/**
 * Gives middlewares the gateway's context; answers preflights before any of them; runs `onResponse` for plugins that were not reached, lets
 * the last head name a coding, and finishes what nobody forwarded.
 */
function outermost(hooks: readonly Hooks[]): MiddlewareHandler<Env> {
  const all = compilePhases(hooks).onResponse
  return async (c, next) => {
    const { ctx } = c.env
    c.set('octopus', ctx)
    try {
      const reply = ctx.isPreflight ? preflightReply(ctx) : undefined
      if (reply === undefined) await next()
      else c.res = localResponse(reply)
      if (!c.finalized) throw new GatewayError('INTERNAL', 'A middleware neither answered nor called next().')
      await runOnResponse(c, { hooks, from: 0, all })
      if (ctx.codings.length > 0 && ctx.route.phases.transform !== null) transform(c)
    } catch (thrown) {
      // From further in only what is no Error gets here: Hono has made a response of the others.
      const reply = await replyTo(ctx, thrown)
      ctx.coding = null
      c.res = undefined
      c.res = reply
    }
    const { passed } = c.env
    const isDropped = passed !== null && passed !== c.res.body && !passed.locked
    // What is coded on its way out is finished by who codes it.
    if (ctx.coding === null && (!ctx.hasBody || isDropped)) finishLocal(c)
    // A middleware answered in the upstream's place: nobody will ever read what the upstream says.
    if (isDropped) void passed.cancel()
  }
}

function stepsOf(hooks: readonly Hooks[]): MiddlewareHandler<Env>[] {
  const steps: MiddlewareHandler<Env>[] = []
  let from = 0
  const flush = (to: number): void => {
    // Plugins of which none takes part here are no step.
    if (hooks.slice(from, to).some((hook) => hook.onRequest !== undefined || hook.onResponse !== undefined))
      steps.push(phaseStep(hooks, from, to))
    from = to
  }
  for (const [index, hook] of hooks.entries()) {
    if (hook.middleware === undefined) continue
    flush(index + 1)
    steps.push(hook.middleware as MiddlewareHandler<Env>)
  }
  flush(hooks.length)
  return steps
}

/** Plugins next to each other. On the way out also those behind them have their turn, when a middleware has kept the request from them. */
function phaseStep(hooks: readonly Hooks[], from: number, to: number): MiddlewareHandler<Env> {
  const { onRequest } = compilePhases(hooks.slice(from, to))
  const all = compilePhases(hooks.slice(from)).onResponse
  const own = compilePhases(hooks.slice(from, to)).onResponse
  return async (c, next) => {
    const { ctx } = c.env
    try {
      const reply = onRequest === null ? undefined : await firstReply(onRequest, ctx)
      if (reply === undefined) await next()
      else c.res = localResponse(reply)
    } catch (thrown) {
      c.res = undefined
      c.res = await replyTo(ctx, thrown)
    }
    if (c.env.responded === to) await run(c, from, own)
    else await runOnResponse(c, { hooks, from, all })
  }
}

/** Runs `onResponse` of the plugins from here on that have not had it, the last first. `all` is for all of them. */
async function runOnResponse(
  c: HonoContext<Env>,
  { hooks, from, all }: { hooks: readonly Hooks[]; from: number; all: CompiledPhases['onResponse'] },
): Promise<void> {
  const to = c.env.responded
  if (to > from) await run(c, from, to === hooks.length ? all : compilePhases(hooks.slice(from, to)).onResponse)
}

async function run(c: HonoContext<Env>, from: number, onResponse: CompiledPhases['onResponse']): Promise<void> {
  const { ctx } = c.env
  c.env.responded = from
  // Nothing comes after `onFinish`: a client that has left gets no answer.
  if (onResponse === null || (ctx.ended !== null && ctx.isFinished)) return
  const head = { status: c.res.status, headers: HeaderList.from(c.res.headers) }
  for (const hook of onResponse) await hook(ctx, head)
  replaceHead(c, head)
}

/** Assigning to `c.res` merges the fields of the response before it; what a plugin removed must stay removed. */
function replaceHead(c: HonoContext<Env>, head: ResponseHead): void {
  const response = responseOf(c.env.ctx, c.res, head)
  c.res = undefined
  c.res = response
}

function responseOf(ctx: Context, before: Response, head: ResponseHead): Response {
  const bytes = wholeBody(before)
  if (bytes !== undefined) return toWholeResponse(ctx, head, bytes)
  const headers = new Headers()
  for (const [name, value] of head.headers) headers.append(name, value)
  return new Response(before.body, { status: head.status, headers })
}

/** Lets a plugin name the coding of the body. The lane applies it to what the middlewares have made of the answer. */
function transform(c: HonoContext<Env>): void {
  const { ctx } = c.env
  const hasBody = wholeBody(c.res) !== undefined || c.res.body !== null
  if (!hasBody && ctx.request.method !== 'HEAD') return
  const head = { status: c.res.status, headers: HeaderList.from(c.res.headers) }
  ctx.coding = codingOf(ctx, head)
  replaceHead(c, head)
}

/** The route's last handler: what the middlewares let through goes to the upstream. */
const terminal: MiddlewareHandler<Env> = async (c) => {
  const { ctx } = c.env
  try {
    const answer = await c.env.forward(c)
    c.env.isAnswered = true
    if (answer.flow instanceof Uint8Array) return toWholeResponse(ctx, answer.head, answer.flow)
    ctx.hasBody = true
    const response = toResponse(ctx, answer)
    c.env.passed = response.body
    return response
  } catch (thrown) {
    return replyTo(ctx, thrown)
  }
}

async function onThrown(thrown: Error, c: HonoContext<Env>): Promise<Response> {
  // Hono would put the fields of the upstream's answer, its length included, on the reply that takes its place.
  if (c.env.isAnswered) c.res = undefined
  if (c.env.ctx.ended !== null) return replyTo(c.env.ctx, thrown)
  // Hono's HTTPException carries the answer its author meant.
  if ('getResponse' in thrown && typeof thrown.getResponse === 'function') return (thrown as { getResponse(): Response }).getResponse()
  return replyTo(c.env.ctx, thrown)
}

async function replyTo(ctx: Context, thrown: unknown): Promise<Response> {
  // A request that has ended breaks whatever its middlewares were doing; the end is the reason.
  return localResponse(await failed(ctx, ctx.ended ?? toGatewayError(thrown)))
}

/** A reply made on the way: its length is known or nobody counts it. */
function finishLocal(c: HonoContext<Env>): void {
  const length = wholeBody(c.res)?.byteLength ?? Number(c.res.headers.get('content-length') ?? 0)
  c.env.ctx.finish({ status: c.res.status, bytesOut: Number.isFinite(length) ? length : 0 })
}
