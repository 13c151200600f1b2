/** Codes of ASCII characters, each once, in rising order: a path has no others. */
export type Characters = readonly number[]

/** Every character that a pattern can be about. */
export const EVERY: Characters = Array.from({ length: 128 }, (_, code) => code)

/** This one. */
export function oneOf(code: number): Characters {
  return [code]
}

/** In any of both. */
export function union(a: Characters, b: Characters): Characters {
  const both = new Set([...a, ...b])
  return EVERY.filter((code) => both.has(code))
}

/** All others. */
export function invert(set: Characters): Characters {
  const listed = new Set(set)
  return EVERY.filter((code) => !listed.has(code))
}

/** Each letter in both cases. */
export function withoutCase(set: Characters): Characters {
  const letters = set.filter((code) => /[A-Za-z]/.test(String.fromCharCode(code)))
  return union(
    set,
    letters.map((code) => code ^ 0x20),
  )
}

function matching(pattern: RegExp): Characters {
  return EVERY.filter((code) => pattern.test(String.fromCharCode(code)))
}

/** `\d`, `\s`, `\w`. */
export const PERL_CLASSES: ReadonlyMap<string, Characters> = new Map([
  ['d', matching(/[0-9]/)],
  ['s', matching(/[\t\n\f\r ]/)],
  ['w', matching(/\w/)],
])

/** `[[:alpha:]]` and the like. */
export const POSIX_CLASSES: ReadonlyMap<string, Characters> = new Map([
  ['alnum', matching(/[0-9A-Za-z]/)],
  ['alpha', matching(/[A-Za-z]/)],
  ['digit', matching(/[0-9]/)],
  ['lower', matching(/[a-z]/)],
  ['upper', matching(/[A-Z]/)],
  ['punct', matching(/[!-/:-@[-`{-~]/)],
  ['word', matching(/\w/)],
  ['xdigit', matching(/[0-9A-Fa-f]/)],
])
