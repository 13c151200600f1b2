import { Hono } from 'hono'
import { compilePhases } from '../plugin/compile.ts'
import { failed, firstReply } from '../exchange/engine.ts'
import { GatewayError, toGatewayError } from '../errors.ts'
import { HeaderList } from '../headers.ts'
import { localResponse, toResponse, toWholeResponse } from './bodies.ts'
import { wholeBody } from './whole-response.ts'
import type { CompiledPhases } from '../plugin/phases.ts'
import type { Answer } from '../exchange/engine.ts'
import type { Context } from '../exchange/request-context.ts'
import type { Hooks } from '../plugin/plugin.ts'
import type { Context as HonoContext, MiddlewareHandler } from 'hono'
import type { WebBody } from './bodies.ts'

/** One request on its way through a route's Hono instance. */
interface Passing {
  readonly ctx: Context
  /** Sends the request as the last middleware left it. */
  forward(c: HonoContext): Promise<Answer<WebBody>>
  /** Plugins whose `onResponse` has run. */
  readonly responded: Set<Hooks>
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
  #params: Record<string, string> = {}
  #template = ''

  constructor(hooks: readonly Hooks[]) {
    const chain: readonly MiddlewareHandler<Env>[] = [outermost(hooks), ...stepsOf(hooks), terminal]
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
    return this.#hono.fetch(request, { ctx, forward, responded: new Set(), passed: null, isAnswered: false })
  }
}

/** Hono decodes a parameter when it is read; ours are decoded already and must come out as they are. */
function encoded(params: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, encodeURIComponent(value)]))
}

/** Gives middlewares the gateway's context; runs `onResponse` for plugins that were not reached, and finishes what nobody forwarded. */
function outermost(hooks: readonly Hooks[]): MiddlewareHandler<Env> {
  return async (c, next) => {
    const { ctx, responded } = c.env
    c.set('octopus', ctx)
    try {
      await next()
      if (!c.finalized) throw new GatewayError('INTERNAL', 'A middleware neither answered nor called next().')
      const late = hooks.filter((hook) => hook.onResponse !== undefined && !responded.has(hook))
      if (late.length > 0) await runOnResponse(c, late, compilePhases(late).onResponse)
    } catch (thrown) {
      // From further in only what is no Error gets here: Hono has made a response of the others.
      const reply = await replyTo(ctx, thrown)
      c.res = undefined
      c.res = reply
    }
    const { passed } = c.env
    const isDropped = passed !== null && passed !== c.res.body && !passed.locked
    if (!ctx.hasBody || isDropped) finishLocal(c)
    // A middleware answered in the upstream's place: nobody will ever read what the upstream says.
    if (isDropped) void passed.cancel()
  }
}

function stepsOf(hooks: readonly Hooks[]): MiddlewareHandler<Env>[] {
  const steps: MiddlewareHandler<Env>[] = []
  let together: Hooks[] = []
  const flush = (): void => {
    if (together.length > 0) steps.push(phaseStep(together))
    together = []
  }
  for (const hook of hooks) {
    together.push(hook)
    if (hook.middleware === undefined) continue
    flush()
    steps.push(hook.middleware as MiddlewareHandler<Env>)
  }
  flush()
  return steps
}

function phaseStep(hooks: readonly Hooks[]): MiddlewareHandler<Env> {
  const { onRequest, onResponse } = compilePhases(hooks)
  return async (c, next) => {
    const { ctx } = c.env
    const reply = onRequest === null ? undefined : await firstReply(onRequest, ctx)
    if (reply === undefined) await next()
    else c.res = localResponse(reply)
    await runOnResponse(c, hooks, onResponse)
  }
}

async function runOnResponse(c: HonoContext<Env>, hooks: readonly Hooks[], onResponse: CompiledPhases['onResponse']): Promise<void> {
  for (const hook of hooks) c.env.responded.add(hook)
  if (onResponse === null) return
  const head = { status: c.res.status, headers: HeaderList.from(c.res.headers) }
  for (const hook of onResponse) await hook(c.env.ctx, head)
  const headers = new Headers()
  for (const [name, value] of head.headers) headers.append(name, value)
  const { body } = c.res
  // Assigning to `c.res` merges the fields of the response before it; what a hook removed must stay removed.
  c.res = undefined
  c.res = new Response(body, { status: head.status, headers })
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
