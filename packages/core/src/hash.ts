/** A number from 0 up to 1 made of a text: even, and the same in every process. Not for secrets. */
export function hashed(text: string): number {
  // Two runs of FNV-1a from different beginnings, mixed as MurmurHash3 ends: 53 bits in all.
  let high = 0x811c9dc5
  let low = 0x1b873593
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    high = Math.imul(high ^ code, 0x01000193)
    low = Math.imul(low ^ code, 0x5bd1e995)
  }
  return ((mixed(high) >>> 5) * 0x4000000 + (mixed(low ^ high) >>> 6)) / 0x20000000000000
}

function mixed(value: number): number {
  let h = value
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
