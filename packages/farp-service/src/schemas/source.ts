/** A schema as it is at hand, or what makes it when it is first asked for. */
export type Source<T> = T | Promise<T> | (() => T | Promise<T>)

/** A schema that is made at most once until it is forgotten. */
export class Lazy<T> {
  readonly #make: () => Promise<T>
  #made: Promise<T> | undefined

  constructor(source: Source<T>) {
    // A promise that fails before anybody asks must not end the process; whoever asks hears of it.
    const early = source instanceof Promise ? settled(source) : undefined
    this.#make = async () => {
      if (early !== undefined) return unwrap(await early)
      return isMaker(source) ? source() : source
    }
  }

  /** The value. Rejects with what its maker threw; the next call tries again. */
  get(): Promise<T> {
    if (this.#made !== undefined) return this.#made
    const made = this.#make()
    this.#made = made
    return made.catch((thrown: unknown) => {
      if (this.#made === made) this.#made = undefined
      throw thrown
    })
  }
}

function isMaker<T>(source: Source<T>): source is () => T | Promise<T> {
  return typeof source === 'function'
}

type Outcome<T> = { readonly value: T } | { readonly reason: unknown }

function settled<T>(promise: Promise<T>): Promise<Outcome<T>> {
  return promise.then(
    (value) => ({ value }),
    (reason: unknown) => ({ reason }),
  )
}

function unwrap<T>(outcome: Outcome<T>): T {
  if ('reason' in outcome) throw outcome.reason
  return outcome.value
}
