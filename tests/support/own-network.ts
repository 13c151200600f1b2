import { expect, test } from 'vitest'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { networkInterfaces } from 'node:os'
import { notAllowed } from './components.ts'
import { Program, root } from './process.ts'
import { spawnSync } from 'node:child_process'

const INSIDE = 'OCTOPUS_OWN_NETWORK'
const SETUP = join(root, 'tests/support/own-network.sh')
/** A run of its own takes a while to begin. Milliseconds. */
const LONGEST = 150_000
// Who is not root becomes it inside.
const ARGS = [process.getuid?.() === 0 ? '-n' : '-rn', 'sh', SETUP]

/**
 * Runs tests of a file in a network of its own: `one` with 10.7.1.1/24, fd07:1::1/64 and fe80::1, and `two` with fd07:2::1/64 and fe80::2.
 * Linux's loopback carries no multicast over IPv6, and nothing of this should reach the machine's real networks. Where there is no such thing the closing lines say so, and
 * the tests are those that need none.
 */
export function inOwnNetwork(file: string, define: () => void, otherwise?: () => void): void {
  if (process.env[INSIDE] !== undefined) return define()
  const canHave = spawnSync('unshare', [...ARGS, 'true']).status === 0
  if (!canHave) {
    notAllowed('networks of their own (unshare -n, ip)')
    otherwise?.()
  }
  test.skipIf(!canHave)(
    'in a network of its own',
    async () => {
      const vitest = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'integration', '--no-color']
      await using tests = new Program('unshare', [...ARGS, process.execPath, ...vitest, fileURLToPath(file)], { [INSIDE]: 'yes' })
      expect(await tests.exited(LONGEST), tests.output).toBe(0)
      expect(tests.output).toMatch(/Tests +\d+ (?:passed|skipped)/)
    },
    LONGEST + 10_000,
  )
}

/** Changes the network of the tests inside: `ip('route', 'add', …)`. */
export function ip(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
}

/** Takes a link down. Gives what brings it back as it was, also when that is called twice: the system forgets its IPv6 addresses. */
export function takeDown(link: 'one' | 'two'): () => void {
  const lost = networkInterfaces()[link]!.filter(({ family }) => family === 'IPv6')
  ip('link', 'set', link, 'down')
  return () => {
    ip('link', 'set', link, 'up')
    for (const { cidr } of lost) ip('addr', 'replace', cidr!, 'dev', link, 'nodad')
  }
}
