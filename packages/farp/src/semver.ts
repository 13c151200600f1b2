/**
 * Orders service versions for "newest": negative when `a` is older. `v` is optional, missing parts are 0, a pre-release is older than
 * its release, build metadata does not count, and a text that is no version at all is older than every version.
 */
export function compareVersions(a: string, b: string): number {
  const left = parse(a)
  const right = parse(b)
  if (left === undefined || right === undefined) return left === right ? compareText(a, b) : left === undefined ? -1 : 1
  for (let i = 0; i < 3; i++) if (left.numbers[i] !== right.numbers[i]) return left.numbers[i]! - right.numbers[i]!
  return comparePre(left.pre, right.pre)
}

interface Version {
  readonly numbers: readonly number[]
  readonly pre: readonly string[]
}

function parse(text: string): Version | undefined {
  const match = /^v?(\d{1,15})(?:\.(\d{1,15}))?(?:\.(\d{1,15}))?(?:-([0-9A-Za-z.-]{1,200}))?(?:\+[0-9A-Za-z.-]{1,200})?$/i.exec(text)
  if (match === null) return undefined
  return { numbers: [Number(match[1]), Number(match[2] ?? 0), Number(match[3] ?? 0)], pre: match[4]?.split('.') ?? [] }
}

function comparePre(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareIdentifier(a[i]!, b[i]!)
    if (order !== 0) return order
  }
  return a.length - b.length
}

/** SemVer 2.0.0, section 11.4: numbers by value and below texts. */
function compareIdentifier(a: string, b: string): number {
  const isNumber = { a: /^\d+$/.test(a), b: /^\d+$/.test(b) }
  if (isNumber.a && isNumber.b) return Number(a) - Number(b)
  if (isNumber.a !== isNumber.b) return isNumber.a ? -1 : 1
  return compareText(a, b)
}

/** By code unit, the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
