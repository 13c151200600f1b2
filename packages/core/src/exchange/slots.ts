/** Typed per-request storage: `export const principal = defineSlot<Principal>('jwt.principal')`, then `ctx.get(principal)`. */
export interface Slot<T> {
  readonly name: string
  /** Carries the type only; never set. */
  readonly '~type'?: T
}

/** Makes a slot. Two slots never collide, not even with the same name. */
export function defineSlot<T>(name: string): Slot<T> {
  return { name }
}
