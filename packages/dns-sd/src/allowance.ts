const SECOND = 1_000

/** Lets through so many bytes a second. `now` is in milliseconds of one clock. */
export function allowance(most: number): (bytes: number, now: number) => boolean {
  let begun = -Infinity
  let left = most
  return (bytes, now) => {
    if (now - begun >= SECOND) {
      begun = now
      left = most
    }
    left -= bytes
    return left >= 0
  }
}
