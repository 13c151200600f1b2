import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { ROOT } from '../../lib/workspace.mjs'

/** Where tests have a link of their own, which can be taken down: `one` in `tests/support/own-network.sh`. */
export const LINK = { name: 'one', address: '10.7.1.1' }

// Who is not root becomes it inside.
const ARGS = [process.getuid() === 0 ? '-n' : '-rn', 'sh', join(ROOT, 'tests/support/own-network.sh')]

/** Whether this machine lets its users have networks of their own. */
export const canHaveNetwork = () => spawnSync('unshare', [...ARGS, 'true']).status === 0

/** Runs a program of Node in such a network. Resolves with whether it went well. */
export async function inOwnNetwork(program, ...args) {
  const [code] = await once(spawn('unshare', [...ARGS, process.execPath, program, ...args], { stdio: 'inherit' }), 'exit')
  return code === 0
}

/** Inside: the link goes, or is there again. */
export function setLink(state) {
  const { status, stderr } = spawnSync('ip', ['link', 'set', LINK.name, state], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
}
