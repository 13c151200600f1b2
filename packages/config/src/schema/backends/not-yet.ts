import { later, optional, section } from '../keys.ts'

/** The block of a backend that is not built yet: each of its keys is refused by name. */
export function notYet(description: string, keys: Readonly<Record<string, string>>): ReturnType<typeof optional<object>> {
  return optional(section(Object.fromEntries(Object.entries(keys).map(([key, meaning]) => [key, later(meaning)]))), { description })
}
