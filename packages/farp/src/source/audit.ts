import { clean } from '../text.ts'
import type { InstanceView } from './view.ts'
import type { Logger, RouteSet } from '@octopus-gateway/core'
import type { Views } from './neighbours.ts'

/** What the log has said of an instance. */
interface Told {
  readonly view: InstanceView
  readonly generation: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** What the log has said of a service: its codes, each with the instance that they are about. */
interface Noted {
  readonly set: RouteSet
  readonly codes: ReadonlySet<string>
}

/** Writes down who came, changed and went, and what was refused or does not fit: each once, when it begins. */
export class Audit {
  readonly #log: Logger
  #instances: ReadonlyMap<string, Told> = new Map()
  #findings: ReadonlyMap<string, Noted> = new Map()

  constructor(log: Logger) {
    this.#log = log
  }

  /** Takes what there is now. */
  look(views: Views, sets: readonly RouteSet[]): void {
    this.#lookAtInstances([...views.values()].flat())
    this.#lookAtFindings(sets)
  }

  #lookAtInstances(views: readonly InstanceView[]): void {
    const before = this.#instances
    const now = new Map<string, Told>()
    for (const view of views) {
      const { record, manifest, generation } = view
      if (manifest === undefined) continue
      const key = `${record.service}\0${record.id}`
      const known = before.get(key)
      const told = known?.view === view ? known : { view, generation, fields: fieldsOf(view) }
      now.set(key, told)
      if (known === undefined) this.#log.info('a FARP instance is known', told.fields)
      else if (known.generation !== generation) this.#log.info('a FARP instance has changed', told.fields)
    }
    for (const [key, { fields }] of before) if (!now.has(key)) this.#log.info('a FARP instance is gone', fields)
    this.#instances = now
  }

  /** One line for each code: a service may have thousands of findings, and may change their words. */
  #lookAtFindings(sets: readonly RouteSet[]): void {
    const now = new Map<string, Noted>()
    for (const set of sets) {
      const known = this.#findings.get(set.service)
      now.set(set.service, known?.set === set ? known : this.#note(set, known))
    }
    this.#findings = now
  }

  #note(set: RouteSet, known: Noted | undefined): Noted {
    const { service, serviceVersion: version = '', findings = [] } = set
    const codes = new Set<string>()
    for (const { code, severity, message, instance = '' } of findings) {
      const key = `${instance}\0${code}`
      if (severity === 'info' || codes.has(key)) continue
      codes.add(key)
      if (known?.codes.has(key) !== true) this.#log.warn('a FARP finding', { service, instance, version, code, reason: message })
    }
    return { set, codes }
  }
}

function fieldsOf({ record, manifest, schemas }: InstanceView): Readonly<Record<string, unknown>> {
  return {
    service: record.service,
    instance: record.id,
    version: clean(manifest?.serviceVersion ?? '', 100),
    checksum: clean(manifest?.checksum ?? '', 100),
    schemas: schemas.length,
  }
}
