/** How the process ends: `sysexits.h` where it has a word for it. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  /** EX_UNAVAILABLE: an address is in use. */
  addressInUse: 69,
  /** EX_CONFIG: the configuration is invalid. */
  config: 78,
} as const

/** An ending with something to say and no stack to show. */
export class Ending extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.name = 'Ending'
    this.code = code
  }
}
