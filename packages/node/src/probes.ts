import type { Gateway, Snapshot } from '@octopus-gateway/core'

/** Where the probes are, and what readiness means. */
export interface ProbeOptions {
  /** 200 while the process turns. Default `/livez`. */
  readonly liveness?: string
  /** 200 while traffic is welcome: 503 before the first discovery, and from the moment the server is told to close. Default `/readyz`. */
  readonly readiness?: string
  /** 200 once the gateway serves. Default `/startupz`. */
  readonly startup?: string
  /** Whether readiness waits until every provider and source has reported once (`gateway.synced`). Default `true`. */
  readonly requireSync?: boolean
}

/** What a probe says. */
export interface ProbeReply {
  readonly status: 200 | 405 | 503
  readonly body: string
  /** Names and values in turn. */
  readonly fields: string[]
}

const PLACES = ['liveness', 'readiness', 'startup'] as const
const DEFAULTS = { liveness: '/livez', readiness: '/readyz', startup: '/startupz' } as const
const QUESTION_MARK = 0x3f

/**
 * The probes of a server, answered before anything else looks at a request: no policy can refuse them, none of them is counted or logged, and a
 * redirect to HTTPS does not apply.
 */
export class Probes {
  /** The server is about to close, or does so. */
  isDraining = false
  readonly paths: readonly string[]
  readonly #gateway: Gateway
  readonly #requiresSync: boolean

  /** Throws a `TypeError` when a path is none, or two are the same. */
  constructor(gateway: Gateway, options: ProbeOptions = {}) {
    this.#gateway = gateway
    this.#requiresSync = options.requireSync ?? true
    this.paths = PLACES.map((place) => options[place] ?? DEFAULTS[place])
    const bad = this.paths.find((path) => !/^\/[\w!$&'()*+,;=:@~./-]*$/.test(path))
    if (bad !== undefined) throw new TypeError(`The path of a probe begins with a slash and has neither query nor escapes: "${bad}".`)
    if (new Set(this.paths).size !== this.paths.length) throw new TypeError(`Probes need a path each: ${this.paths.join(', ')}.`)
  }

  /** The answer to a request for a probe; `null` when it is for something else. */
  answer(method: string, target: string): ProbeReply | null {
    for (let i = 0; i < this.paths.length; i++) {
      const path = this.paths[i]!
      if (target === path || (target.charCodeAt(path.length) === QUESTION_MARK && target.startsWith(path))) return this.#reply(i, method)
    }
    return null
  }

  /** The routes of a snapshot whose path is that of a probe: they are not reached there. */
  hidden({ routes }: Snapshot): readonly { readonly path: string; readonly route: string }[] {
    return routes.filter(({ path }) => this.paths.includes(path)).map(({ path, id }) => ({ path, route: id }))
  }

  #reply(place: number, method: string): ProbeReply {
    if (method !== 'GET' && method !== 'HEAD') return reply(405, 'method not allowed', ['allow', 'GET, HEAD'])
    if (PLACES[place] !== 'readiness') return reply(200, 'ok')
    if (this.isDraining) return reply(503, 'draining')
    return this.#requiresSync && !this.#gateway.isSynced ? reply(503, 'waiting for discovery') : reply(200, 'ok')
  }
}

function reply(status: ProbeReply['status'], text: string, more: readonly string[] = []): ProbeReply {
  const body = JSON.stringify({ status: text })
  const fields = ['content-type', 'application/json', 'content-length', String(body.length), 'cache-control', 'no-store', ...more]
  return { status, body, fields }
}
