import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { arrows } from '../scripts/check/arrows.mjs'

/** A checkout with these files. */
function checkout(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'arrows-'))
  const all = { 'package.json': '{ "devDependencies": { "vitest": "*" } }', ...files }
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return root
}

const core = '{ "name": "@octopus-gateway/core", "dependencies": { "hono": "*" } }'
const farp = '{ "name": "@octopus-gateway/farp", "dependencies": { "@octopus-gateway/core": "*" } }'

test('nothing is said about imports that go the right way', () => {
  const root = checkout({
    'packages/core/package.json': core,
    'packages/core/src/exchange/engine.ts': `import { a } from '../errors.ts'\nimport type { Route } from '../routing/route.ts'\nimport { Hono } from 'hono'\n`,
    'packages/core/src/errors.ts': '// import fs from "node:fs" is only a comment\n',
    'packages/core/src/errors.test.ts': `import { test } from 'vitest'\nimport fs from 'node:fs'\n`,
    'packages/farp/package.json': farp,
    'packages/farp/src/index.ts': `import { a } from '@octopus-gateway/core'\nimport fs from 'node:fs'\n`,
  })
  expect(arrows(root)).toEqual([])
})

test('core uses nothing of Node and no further packages', () => {
  const root = checkout({
    'packages/core/package.json': '{ "name": "@octopus-gateway/core", "dependencies": { "undici": "*" } }',
    'packages/core/src/errors.ts': `import { readFile } from 'node:fs'\n`,
  })
  expect(arrows(root)).toEqual([
    'packages/core/package.json depends on undici; core may use hono, valibot, lru-cache only',
    'packages/core/src/errors.ts imports node:fs; core runs on every runtime',
  ])
})

test('imports inside core point downwards', () => {
  const root = checkout({
    'packages/core/package.json': core,
    'packages/core/src/exchange/engine.ts': `import { build } from '../snapshot/build.ts'\n`,
    'packages/core/src/snapshot/build.ts': '',
    'packages/core/src/elsewhere.ts': '',
  })
  expect(arrows(root)).toEqual([
    "packages/core/src/elsewhere.ts has no place in the order of core's folders (scripts/check/arrows.mjs)",
    'packages/core/src/exchange/engine.ts imports packages/core/src/snapshot/build.ts, upwards',
  ])
})

test('a body has no name where policies live', () => {
  const root = checkout({
    'packages/core/package.json': core,
    'packages/core/src/plugin/phases.ts': 'export type Body = ReadableStream // Buffer\n',
  })
  expect(arrows(root)).toEqual(['packages/core/src/plugin/phases.ts names ReadableStream; bodies are opaque there'])
})

test('a package depends only on those below it, and says what it imports', () => {
  const root = checkout({
    'packages/farp/package.json': '{ "name": "@octopus-gateway/farp", "dependencies": { "@octopus-gateway/node": "*" } }',
    'packages/farp/src/index.ts': `export { serve } from '@octopus-gateway/node'\nimport { parse } from 'yaml'\n`,
  })
  expect(arrows(root)).toEqual([
    'packages/farp/package.json depends on @octopus-gateway/node, against the arrows',
    'packages/farp/src/index.ts imports @octopus-gateway/node, against the arrows',
    'packages/farp/src/index.ts imports yaml, which packages/farp/package.json does not depend on',
  ])
})

test('files of a package do not import each other in a circle, not even for types', () => {
  const root = checkout({
    'packages/core/package.json':
      '{ "name": "@octopus-gateway/core", "exports": { "./lane": { "@octopus-gateway/source": "./src/lane.ts" } } }',
    'packages/core/src/lane.ts': `export * from './exchange/engine.ts'\n`,
    'packages/core/src/exchange/engine.ts': `import { a } from './answer.ts'\nimport { b } from './body.ts'\n`,
    'packages/core/src/exchange/answer.ts': `import type { B } from './body.ts'\n`,
    'packages/core/src/exchange/body.ts': `export type A = import('./answer.ts').A\nimport type { Head } from './head.ts'\n`,
    'packages/core/src/exchange/head.ts': `import type { Lane } from '@octopus-gateway/core/lane'\n`,
    'packages/core/src/errors.ts': `import type { Own } from './errors.ts'\n`,
    'packages/core/src/errors.test.ts': `import { a } from './errors.ts'\nimport { b } from './exchange/answer.ts'\n`,
  })
  const way = (...files: string[]): string => `${files.map((file) => `packages/core/src/${file}`).join(' → ')}: imports in a circle`
  expect(arrows(root)).toEqual([
    way('errors.ts', 'errors.ts'),
    way('exchange/answer.ts', 'exchange/body.ts', 'exchange/answer.ts'),
    way('exchange/engine.ts', 'exchange/body.ts', 'exchange/head.ts', 'lane.ts', 'exchange/engine.ts'),
  ])
})
