/*
 * Digests of 32 bits that are the same in every process: all workers and replicas choose alike, also after a restart. They are for spreading,
 * not for secrets: a client that chooses what is hashed chooses its endpoint, whatever the function.
 */

/** The digest of the first `end` characters of a text. */
export function hashText(text: string, end = text.length): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < end; i++) hash = rotate(Math.imul(hash ^ Math.imul(text.charCodeAt(i), 0xcc9e2d51), 0x1b873593))
  return mix(hash ^ end)
}

function rotate(value: number): number {
  return (value << 13) | (value >>> 19)
}

/** Every bit of the result depends on every bit of the value. One to one. */
export function mix(value: number): number {
  let hash = value ^ (value >>> 16)
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** A digest of two digests. */
export function mixed(a: number, b: number): number {
  return mix(Math.imul(a, 0x9e3779b1) + mix(b))
}

/** A digest as a share, above 0 and below 1. */
export function shareOf(hash: number): number {
  return (hash + 0.5) / 0x1_0000_0000
}
