import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

// Tests read src, also of the neighbours: no build is needed.
const conditions = ['@octopus-gateway/source']
const fromSource = { extends: true as const, resolve: { conditions }, ssr: { resolve: { conditions } } }

export default defineConfig({
  test: {
    pool: 'forks',
    // Most tests wait for sockets: on two cores one file at a time leaves both idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Only what is broken waits so long; a busy machine may be slow.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
    projects: [
      { ...fromSource, test: { name: 'unit', include: ['packages/*/src/**/*.test.ts'] } },
      { ...fromSource, test: { name: 'lanes', include: ['packages/node/test/lanes/**/*.test.ts'] } },
      {
        ...fromSource,
        test: {
          name: 'integration',
          include: ['packages/*/test/**/*.test.ts', 'examples/*/test/**/*.test.ts'],
          exclude: ['packages/node/test/lanes/**', '**/node_modules/**', '**/*.e2e.test.ts'],
        },
      },
      // The repository as a whole: arrows, licences, documentation.
      { ...fromSource, test: { name: 'repository', include: ['tests/*.test.ts'] } },
      // The built core on other runtimes. Reads dist, never src.
      { ...fromSource, test: { name: 'runtimes', include: ['tests/runtimes/*.test.ts'], fileParallelism: false } },
      // End to end: the built command line, real processes. Reads dist, never src.
      { extends: true, test: { name: 'e2e', include: ['tests/e2e/**/*.e2e.test.ts'], fileParallelism: false } },
    ],
  },
})
