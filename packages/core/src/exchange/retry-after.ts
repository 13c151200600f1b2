/** RFC 9110, section 10.2.3: milliseconds of a `Retry-After` in seconds or as a date; `undefined` when there is none, or none that can be read. */
export function parseRetryAfter(field: string | undefined, wallClock = Date.now()): number | undefined {
  if (field === undefined) return undefined
  if (/^\d+$/.test(field)) return Number(field) * 1000
  // A date is in GMT and names its day; `Date.parse` alone takes much else for one.
  const date = /^[A-Z][a-z]{2,8}, .+ GMT$/.test(field) ? Date.parse(field) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - wallClock)
}
