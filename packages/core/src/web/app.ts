import { Hono } from 'hono'
import { compilePhases } from '../plugin/compile.ts'
import { failed, firstReply } from '../exchange/engine.ts'
import { HeaderList } from '../headers.ts'
import { toGatewayError } from '../errors.ts'
import { toResponse } from './bodies.ts'
import type { CompiledPhases } from '../plugin/phases.ts'
import type { Answer } from '../exchange/engine.ts'
import type { Context } from '../exchange/request-context.ts'
import type { Hooks } from '../plugin/plugin.ts'
import type { Context as HonoContext, MiddlewareHandler } from 'hono'
import type { ResponseBody, WebBody } from './bodies.ts'

/** One request on its way through a route's Hono instance. */
interface Passing {
  readonly ctx: Context
  /** Sends the request as the last middleware left it. */
  forward(c: HonoContext): Promise<Answer<WebBody>>
  /** Plugins whose `onResponse` has run. */
  readonly responded: Set<Hooks>
}

type Env = { Bindings: Passing; Variables: { octopus: Context } }

/**
 * The web lane of one list of plugins: consecutive phase plugins become one step, Hono middlewares stand where the author put them. The
 * router only repeats the match already made, so there is no second router to disagree with the first.
 */
export class WebApp {
  readonly #hono: Hono<Env>
  #params: Record<string, string> = {}

  constructor(hooks: readonly Hooks[]) {
    const chain: readonly MiddlewareHandler<Env>[] = [outermost(hooks), ...stepsOf(hooks), terminal]
    this.#hono = new Hono<Env>({
      // Called right before `match`, in the same tick.
      getPath: (request, options) => {
        this.#params = encoded(options?.env?.ctx.params ?? {})
        return new URL(request.url).pathname
      },
      router: {
        name: 'octopus',
        add() {},
        match: (method, path) => [chain.map((handler) => [[handler as never, { basePath: '/', path, method, handler: handler as never }], this.#params])],
      },
    })
    this.#hono.onError((error, c) => onThrown(error, c))
  }

  async respond(request: Request, ctx: Context, forward: Passing['forward']): Promise<Response> {
    return this.#hono.fetch(request, { ctx, forward, responded: new Set() })
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
    await next()
    const late = hooks.filter((hook) => hook.onResponse !== undefined && !responded.has(hook))
    if (late.length > 0) await runOnResponse(c, late, compilePhases(late).onResponse)
    if (!ctx.hasBody) finishLocal(c)
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
    else c.res = localResponse({ head: reply, local: reply.body, flow: null })
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
    ctx.hasBody = true
    return toResponse(ctx, answer)
  } catch (thrown) {
    return replyTo(ctx, thrown)
  }
}

async function onThrown(thrown: Error, c: HonoContext<Env>): Promise<Response> {
  // Hono's HTTPException carries the answer its author meant.
  if ('getResponse' in thrown && typeof thrown.getResponse === 'function') return (thrown as { getResponse(): Response }).getResponse()
  return replyTo(c.env.ctx, thrown)
}

async function replyTo(ctx: Context, thrown: unknown): Promise<Response> {
  const reply = await failed(ctx, toGatewayError(thrown))
  return localResponse({ head: reply, local: reply.body, flow: null })
}

function localResponse(answer: Answer<WebBody>): Response {
  const headers = new Headers()
  for (const [name, value] of answer.head.headers) headers.append(name, value)
  return new Response(answer.local as ResponseBody, { status: answer.head.status, headers })
}

/** A reply made on the way: its length is known or nobody counts it. */
function finishLocal(c: HonoContext<Env>): void {
  const length = Number(c.res.headers.get('content-length') ?? 0)
  c.env.ctx.finish({ status: c.res.status, bytesOut: Number.isFinite(length) ? length : 0 })
}
