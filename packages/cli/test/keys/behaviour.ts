import { configJsonSchema } from '@octopus-gateway/config'
import { test, type TestContext } from 'vitest'

interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>
  readonly items?: Shape
  readonly not?: unknown
}

/** Every key that is accepted and is no mere group of others: `server.http_port`, `routes[].methods[]`. Those that are refused by name are left out. */
export function acceptedKeys(shape: Shape = configJsonSchema() as Shape, path = ''): string[] {
  if (shape.not !== undefined) return []
  if (shape.items !== undefined) return acceptedKeys(shape.items, `${path}[]`)
  if (shape.properties === undefined) return [path]
  return Object.entries(shape.properties).flatMap(([key, child]) => acceptedKeys(child, path === '' ? key : `${path}.${key}`))
}

const ACCEPTED: ReadonlySet<string> = new Set(acceptedKeys())

/** A test of what a key does, seen from outside. The key is an accepted one, as `coverage.test.ts` counts them. */
export function behaviour(key: string, what: string, run: (context: TestContext) => Promise<void>): void {
  if (!ACCEPTED.has(key)) throw new Error(`${key} is no key that works`)
  test(`${key}: ${what}`, run)
}
