import { configJsonSchema } from '@octopus-gateway/config'
import { test, type TestContext } from 'vitest'

interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>
  readonly items?: Shape
  readonly not?: unknown
  readonly anyOf?: readonly Shape[]
  readonly const?: unknown
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, Shape>>
}

/**
 * Every key that is accepted and is no mere group of others: `server.http_port`, `routes[].methods[]`, `middleware[cors].max_age`. Those that are
 * refused by name are left out, and what stands in several places counts with its own keys in the first one.
 */
export function acceptedKeys(): string[] {
  const whole = configJsonSchema() as Shape
  const described = new Set<string>()
  const below = (shape: Shape, path: string): string[] => {
    if (shape.not !== undefined) return []
    if (shape.$ref !== undefined) {
      if (described.has(shape.$ref)) return [path]
      described.add(shape.$ref)
      return below(whole.$defs![shape.$ref.split('/').at(-1)!]!, path)
    }
    if (shape.items !== undefined) return below(shape.items, `${path}[]`)
    if (shape.properties !== undefined) {
      return Object.entries(shape.properties).flatMap(([key, child]) =>
        child.const === undefined ? below(child, path === '' ? key : `${path}.${key}`) : [],
      )
    }
    // Several shapes of one value: itself, and the keys of those that are maps, each under its name where it has one.
    const maps = (shape.anyOf ?? []).filter((one) => one.properties !== undefined)
    const lists = (shape.anyOf ?? []).filter((one) => one.items !== undefined)
    return [
      path,
      ...lists.flatMap((one) => below(one, path)),
      ...maps.flatMap((one) =>
        below(one, one.properties!.name?.const === undefined ? path : path.replace(/\[\]$/, `[${String(one.properties!.name.const)}]`)),
      ),
    ]
  }
  return below(whole, '')
}

const ACCEPTED: ReadonlySet<string> = new Set(acceptedKeys())

/** A test of what a key does, seen from outside. The key is an accepted one, as `coverage.test.ts` counts them. */
export function behaviour(key: string, what: string, run: (context: TestContext) => Promise<void>): void {
  if (!ACCEPTED.has(key)) throw new Error(`${key} is no key that works`)
  test(`${key}: ${what}`, run)
}
