/** Milliseconds of the units of `grpc-timeout`. */
const UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 0.001, n: 0.000_001 }

/** Units from the finest that is worth sending, with the milliseconds of one. */
const SENT: readonly (readonly [unit: string, milliseconds: number])[] = [
  ['u', 0.001],
  ['m', 1],
  ['S', 1_000],
  ['M', 60_000],
  ['H', 3_600_000],
]
const MOST = 99_999_999

/** Timers of most runtimes overflow behind it, and nobody means it. */
const LONGEST_MS = 24 * 24 * 3_600_000

/**
 * Milliseconds of a `grpc-timeout` field: one to eight digits and a unit. `Infinity` when there is none or it is longer than 24 days; `null`
 * when it is malformed.
 */
export function parseGrpcTimeout(field: string | undefined): number | null {
  if (field === undefined) return Infinity
  const match = /^(\d{1,8})([HMSmun])$/.exec(field)
  if (match === null) return null
  const milliseconds = Number(match[1]) * UNITS[match[2]!]!
  return milliseconds > LONGEST_MS ? Infinity : milliseconds
}

/** The same the other way: as fine as eight digits allow, and never zero, which some servers take for none. */
export function formatGrpcTimeout(milliseconds: number): string {
  for (const [unit, each] of SENT) {
    const count = Math.max(1, Math.floor(milliseconds / each))
    if (count <= MOST) return `${count}${unit}`
  }
  return `${MOST}H`
}
