import { compareText } from '../semver.ts'
import { finding } from '../findings.ts'
import type { Finding, Logger } from '@octopus-gateway/core'
import type { Placed } from './placement.ts'
import type { Settings } from '../options.ts'

/** Whether the instances of a service offer the same, and since when they do not. */
export class Unity {
  readonly #service: string
  readonly #settings: Settings
  readonly #log: Logger
  #differsSince: number | undefined
  #isTold = false

  constructor(service: string, settings: Settings, log: Logger) {
    this.#service = service
    this.#settings = settings
    this.#log = log
  }

  /** Normal while a deployment rolls; worth knowing when it does not end. */
  look(placed: readonly Placed[]): { readonly findings: readonly Finding[]; readonly wakesAt: number | undefined } {
    const generations = new Set(
      placed
        .filter(({ placement }) => placement.strategy !== 'instance')
        .map(({ candidate }) => `${candidate.generation} (version ${candidate.manifest.serviceVersion || 'unknown'})`),
    )
    if (generations.size < 2 || isIntended(placed)) {
      this.#differsSince = undefined
      this.#isTold = false
      return { findings: [], wakesAt: undefined }
    }
    const list = [...generations].sort(compareText).join(', ')
    this.#differsSince ??= Date.now()
    const until = this.#differsSince + this.#settings.limits.inconsistentMs
    if (Date.now() < until) {
      return {
        findings: [finding('GENERATIONS_DIFFER', `its instances offer different routes or documents: generations ${list}`)],
        wakesAt: until,
      }
    }
    const minutes = Math.round(this.#settings.limits.inconsistentMs / 60_000)
    if (!this.#isTold) this.#log.warn('farp.schema.inconsistent', { service: this.#service, generations: list, minutes })
    this.#isTold = true
    const message = `its instances have offered different routes or documents for more than ${minutes} minutes: generations ${list}`
    return { findings: [finding('SCHEMA_INCONSISTENT', message)], wakesAt: undefined }
  }
}

/** Versions that live side by side, each in a place of its own, are no deployment that does not end. */
function isIntended(placed: readonly Placed[]): boolean {
  const byPool = new Map<string, string>()
  return placed.every(({ candidate, placement }) => {
    const known = byPool.get(placement.upstream)
    byPool.set(placement.upstream, candidate.generation)
    return known === undefined || known === candidate.generation
  })
}
