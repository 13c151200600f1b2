import { own, ownList, ownText } from '../../json.ts'
import type { Candidate } from '../../source/eligible.ts'
import type { ChangeEffect } from '../change.ts'

/** What a service says of its new contract (`schemas[].compatibility`). The strictest word of all its schemas counts. */
export interface Declared {
  /** `undefined` when it says nothing. */
  readonly mode: string | undefined
  readonly breakingChanges: number
  /** Versions whose clients it claims to serve; `undefined` when no schema has a transitive mode. */
  readonly previousVersions: readonly string[] | undefined
}

/** Reads what a manifest declares. */
export function declaredBy({ manifest }: Candidate): Declared {
  const all = manifest.schemas.map(({ compatibility }) => compatibility).filter((compatibility) => compatibility !== undefined)
  const modes = all.map((compatibility) => (ownText(compatibility, 'mode') ?? '').toLowerCase()).filter((mode) => mode !== '')
  const transitive = all.filter((compatibility) => /_transitive$/i.test(ownText(compatibility, 'mode') ?? ''))
  const [first, ...others] = transitive.map((item) => ownList(item, 'previous_versions').filter((version) => typeof version === 'string'))
  return {
    mode: modes.includes('none') ? 'none' : (modes.find((mode) => mode.endsWith('_transitive')) ?? modes[0]),
    breakingChanges: all.reduce((sum, compatibility) => sum + listed(own(compatibility, 'breaking_changes')), 0),
    previousVersions: first?.filter((version) => others.every((list) => list.includes(version))),
  }
}

function listed(value: unknown): number {
  return Array.isArray(value) ? value.length : 0
}

/** A reason to hold a generation, for people; `undefined` when nothing speaks against it. */
export type Objection = string | undefined

const PROMISES: ReadonlySet<string> = new Set(['backward', 'forward', 'full', 'backward_transitive', 'forward_transitive'])

/**
 * What `gated` objects to. What was found to break is held whatever the service declares; its word only counts where nothing can be told. A service
 * that says nothing has to be proven compatible.
 */
export function objectionTo(effect: ChangeEffect, declared: Declared, approvedVersion: string): Objection {
  const { mode, breakingChanges, previousVersions } = declared
  if (effect === 'breaking') return 'it breaks the approved contract'
  if (mode === 'none' && breakingChanges > 0) return `the service itself declares ${breakingChanges} breaking changes`
  if (previousVersions !== undefined && !previousVersions.includes(approvedVersion)) {
    return `it declares ${mode ?? 'a transitive mode'}, and version "${approvedVersion}" is not among its previous_versions`
  }
  if (effect === 'unknown' && !PROMISES.has(mode ?? '')) return 'some of its changes cannot be judged, and it declares no compatibility'
  return undefined
}
