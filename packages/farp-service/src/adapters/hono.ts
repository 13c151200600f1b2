/** As much of a Hono context as the middleware needs. */
export interface HonoContext {
  readonly req: { readonly raw: Request }
}

/** A middleware for Hono: `app.use(service.hono)`. */
export type HonoMiddleware = (context: HonoContext, next: () => Promise<void>) => Promise<Response | void>

export function honoMiddleware(answer: (request: Request) => Promise<Response | undefined>): HonoMiddleware {
  return async ({ req }, next) => (await answer(req.raw)) ?? (await next())
}
