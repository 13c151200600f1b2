import { defineConfig } from 'vitest/config'
import { delimiter, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

// The suites that the stand-ins pass, against real servers. "npm run test:interop" builds those and says here where they are:
// for each the program itself, and those that it needs.
const servers = JSON.parse(process.env['OCTOPUS_INTEROP'] ?? '{}') as Readonly<Record<string, readonly string[]>>
const conditions = ['@octopus-gateway/source']
const root = fileURLToPath(new URL('../..', import.meta.url))
const shared = { extends: true as const, resolve: { conditions }, ssr: { resolve: { conditions } } }

/** The suites of etcd and of Helm take the first one on the PATH. */
function filesOf(server: string): string[] {
  if (server.startsWith('etcd-')) return ['packages/discovery-etcd/test/*.test.ts']
  return server === 'helm' ? ['tests/deployment.test.ts'] : [`tests/interop/${server}.test.ts`]
}

export default defineConfig({
  root,
  test: {
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    projects: Object.entries(servers).map(([server, programs]) => ({
      ...shared,
      test: {
        name: `interop ${server}`,
        include: filesOf(server),
        env: {
          OCTOPUS_INTEROP_PROGRAM: programs[0]!,
          PATH: [...programs.map((program) => dirname(program)), process.env['PATH'] ?? ''].join(delimiter),
        },
      },
    })),
  },
})
