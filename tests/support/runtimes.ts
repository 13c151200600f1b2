import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { missingComponent } from './components.ts'
import { root } from './process.ts'

/** Where each runtime's program is inside the packages of `tests/runtimes`, by platform and processor as Node names them. */
const PROGRAMS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  bun: {
    'linux-x64': '@oven/bun-linux-x64/bin/bun',
    'linux-arm64': '@oven/bun-linux-aarch64/bin/bun',
    'darwin-arm64': '@oven/bun-darwin-aarch64/bin/bun',
  },
  deno: {
    'linux-x64': '@deno/linux-x64-glibc/deno',
    'linux-arm64': '@deno/linux-arm64-glibc/deno',
    'darwin-arm64': '@deno/darwin-arm64/deno',
  },
  'node-22': { 'linux-x64': 'node-22-linux-x64/bin/node', 'linux-arm64': 'node-22-linux-arm64/bin/node' },
  'node-24': { 'linux-x64': 'node-24-linux-x64/bin/node', 'linux-arm64': 'node-24-linux-arm64/bin/node' },
}

/** A runtime that tests use beside the Node they run on. */
export type RuntimeName = 'bun' | 'deno' | 'node-22' | 'node-24'

/** The path of a runtime's program, or `undefined` where it is missing; then as `requireComponent`. */
export function requireRuntime(name: RuntimeName): string | undefined {
  const program = PROGRAMS[name]?.[`${process.platform}-${process.arch}`]
  const path = program === undefined ? undefined : join(root, 'tests/runtimes/node_modules', program)
  return path !== undefined && existsSync(path) ? path : missingComponent(name, 'npm run test:runtimes')
}
