/** Orders two service versions: negative when `a` is lower. A leading `v` is ignored, pre-releases are lower, what is no semver is lowest. */
export function compareVersions(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0
  const left = parse(a)
  const right = parse(b)
  if (left === null || right === null) return left === right ? 0 : left === null ? -1 : 1
  for (let i = 0; i < 3; i++) {
    const difference = left.numbers[i]! - right.numbers[i]!
    if (difference !== 0) return difference
  }
  return comparePre(left.pre, right.pre)
}

function parse(version: string | undefined): { numbers: readonly number[]; pre: readonly string[] } | null {
  const match = /^v?(\d{1,15})(?:\.(\d{1,15}))?(?:\.(\d{1,15}))?(?:-([\w.-]+))?(?:\+[\w.-]+)?$/i.exec(version ?? '')
  if (match === null) return null
  return { numbers: [match[1], match[2], match[3]].map((part) => Number(part ?? 0)), pre: match[4]?.split('.') ?? [] }
}

function comparePre(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const left = a[i]
    const right = b[i]
    if (left === undefined || right === undefined) return left === undefined ? -1 : 1
    const numeric = /^\d+$/.test(left) && /^\d+$/.test(right)
    if (numeric && Number(left) !== Number(right)) return Number(left) - Number(right)
    if (!numeric && left !== right) return /^\d+$/.test(left) ? -1 : /^\d+$/.test(right) ? 1 : left < right ? -1 : 1
  }
  return 0
}
