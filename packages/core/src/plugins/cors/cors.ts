import { addVary } from '../vary.ts'
import { definePlugin } from '../../plugin/define.ts'
import { accepting, duration, fieldName, method } from '../schema.ts'
import { HeaderList } from '../../headers.ts'
import { originProblem, parseOrigins } from './origins.ts'
import * as v from 'valibot'
import type { Duration } from '../../time.ts'
import type { Origins } from './origins.ts'
import type { PluginFactory } from '../../plugin/plugin.ts'
import type { Reply } from '../../exchange/head.ts'
import type { RequestContext } from '../../exchange/context.ts'
import type { StandardSchemaV1 } from '../../plugin/standard-schema.ts'

/** Options of `cors`. */
export interface CorsOptions {
  /** `https://shop.example`, `https://*.shop.example` (every name below it, not itself), or `*`. Default `[]`: no other origin. */
  readonly allowedOrigins?: readonly string[] | undefined
  /** Default: those of the route; for a route of every method, the one asked for. */
  readonly allowedMethods?: readonly string[] | undefined
  /** Request fields beyond the safe ones. Default: those asked for. */
  readonly allowedHeaders?: readonly string[] | undefined
  /** Response fields that scripts may read beyond the safe ones. Default `[]`. */
  readonly exposedHeaders?: readonly string[] | undefined
  /** How long a browser may keep the answer to a preflight. Default `10m`; browsers keep at most two hours or less. */
  readonly maxAge?: Duration | undefined
  /** Whether requests with cookies and other credentials may be read. Default false. Not together with `*`. */
  readonly allowCredentials?: boolean | undefined
}

interface Settings {
  readonly allowedOrigins: readonly string[]
  readonly allowedMethods?: readonly string[] | undefined
  readonly allowedHeaders?: readonly string[] | undefined
  readonly exposedHeaders: readonly string[]
  /** Milliseconds. */
  readonly maxAge: number
  readonly allowCredentials: boolean
}

const origin = v.pipe(
  v.string(),
  v.check(
    (entry) => originProblem(entry) === undefined,
    ({ input }) => originProblem(input)!,
  ),
)

const options = v.pipe(
  v.strictObject({
    allowedOrigins: v.optional(v.array(origin), []),
    allowedMethods: v.optional(v.array(method)),
    allowedHeaders: v.optional(v.array(fieldName)),
    exposedHeaders: v.optional(v.array(fieldName), []),
    maxAge: v.optional(duration, '10m'),
    allowCredentials: v.optional(v.boolean(), false),
  }),
  v.forward(
    v.check(
      ({ allowCredentials, allowedOrigins }) => !(allowCredentials && allowedOrigins.includes('*')),
      'With credentials "*" would let every site act as its visitors: name the origins.',
    ),
    ['allowedOrigins'],
  ),
  v.check(
    ({ allowCredentials, allowedMethods = [], allowedHeaders = [], exposedHeaders }) =>
      !(allowCredentials && [...allowedMethods, ...allowedHeaders, ...exposedHeaders].includes('*')),
    'With credentials browsers take "*" for a name (Fetch standard, section 3.3.4): name the methods and fields.',
  ),
)

/**
 * Cross-origin requests by the Fetch standard. Preflights are answered here, before authentication: they carry no credentials. Fields of this
 * kind that an upstream sets are replaced. Access to private networks is never granted.
 */
export const cors: PluginFactory<StandardSchemaV1<CorsOptions | undefined, Settings>> = definePlugin({
  name: 'cors',
  version: '1.0.0',
  config: accepting<CorsOptions, Settings>(v.optional(options, {})),
  setup: (settings: Settings) => new Cors(settings).hooks,
})

class Cors {
  readonly #settings: Settings
  readonly #origins: Origins
  /** Whether answers differ between origins. */
  readonly #varies: boolean
  readonly #exposed: string | null
  readonly #maxAge: string

  constructor(settings: Settings) {
    this.#settings = settings
    this.#origins = parseOrigins(settings.allowedOrigins)
    this.#varies = settings.allowedOrigins.length > 0 && !this.#origins.any
    this.#exposed = settings.exposedHeaders.length === 0 ? null : settings.exposedHeaders.join(', ')
    this.#maxAge = String(Math.floor(settings.maxAge / 1000))
  }

  get hooks(): { onPreflight(ctx: RequestContext): Reply; onResponse(ctx: RequestContext, head: { headers: HeaderList }): void } {
    return {
      onPreflight: (ctx) => this.#preflight(ctx),
      onResponse: (ctx, { headers }) => {
        // What a preflight is told stands in its own answer.
        if (ctx.isPreflight) return
        dropFields(headers)
        if (this.#varies) addVary(headers, 'Origin')
        if (this.#admit(ctx, headers) && this.#exposed !== null) headers.append('access-control-expose-headers', this.#exposed)
      },
    }
  }

  #preflight(ctx: RequestContext): Reply {
    const headers = new HeaderList(['vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'])
    if (this.#admit(ctx, headers)) {
      const { allowedMethods, allowedHeaders } = this.#settings
      const asked = ctx.request.headers
      headers.append('access-control-allow-methods', (allowedMethods ?? methodsOf(ctx)).join(', '))
      const fields = allowedHeaders?.join(', ') ?? names(asked.getAll('access-control-request-headers'))
      if (fields !== '') headers.append('access-control-allow-headers', fields)
      headers.append('access-control-max-age', this.#maxAge)
    }
    return { status: 204, headers, body: null }
  }

  /** Says whom the answer is for; false when it is for nobody. */
  #admit(ctx: RequestContext, headers: HeaderList): boolean {
    // More than one is no origin at all.
    const from = ctx.request.headers.getAll('origin')
    if (from === undefined || !this.#origins.has(from)) return false
    headers.append('access-control-allow-origin', this.#origins.any ? '*' : from)
    if (this.#settings.allowCredentials) headers.append('access-control-allow-credentials', 'true')
    return true
  }
}

function methodsOf(ctx: RequestContext): readonly string[] {
  const { methods } = ctx.route
  if (methods === null) return [names(ctx.request.headers.get('access-control-request-method'))]
  return methods.includes('GET') && !methods.includes('HEAD') ? [...methods, 'HEAD'] : methods
}

/** The names in a list that a client sent, and nothing that is none. */
function names(list: string | undefined): string {
  return (list ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => /^[!#$%&'*+.^_`|~\w-]+$/.test(name))
    .join(', ')
}

function dropFields(headers: HeaderList): void {
  const { flat } = headers
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i]!
    // Most fields are told apart by their length and first letter.
    if (name.length < 22 || (name.charCodeAt(0) | 0x20) !== 0x61 || !/^access-control-(?:allow|expose|max)-/i.test(name)) continue
    headers.delete(name.toLowerCase())
    i -= 2
  }
}
