/** One address of an upstream. */
export interface Endpoint {
  /** Stable identity: health and counters of this id outlive every configuration. */
  readonly id: string
  /** Scheme, host and port: `http://10.0.0.7:8080`. */
  readonly origin: string
  /** Share of the traffic relative to the other endpoints, from 0. An explicit 0 gets none. */
  readonly weight: number
  readonly zone?: string
  /** A whole number from 0, the default, to 100. Higher ones get requests as far as the endpoints of lower ones are out. */
  readonly priority?: number
  /** Free labels, matched by a route's `subset`. */
  readonly labels: Readonly<Record<string, string>>
}

/** Whether a number can be a priority. */
export function isPriority(priority: number): boolean {
  return Number.isInteger(priority) && priority >= 0 && priority <= 100
}

/** Whether a text is scheme, host and port and nothing else. */
export function isOrigin(text: string): boolean {
  if (!/^https?:\/\/[^/\\?#@\s]+$/.test(text) || !URL.canParse(text)) return false
  return new URL(text).port !== '0'
}
