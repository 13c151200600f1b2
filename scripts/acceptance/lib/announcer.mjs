import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { ROOT } from '../../lib/workspace.mjs'

/** Debian's python3-zeroconf in a process of its own, at an address of this machine: `put(service)`, `remove({ type, label })`, `close`. */
export async function startAnnouncer(python, address) {
  const child = spawn(python, [join(ROOT, 'tests/support/zeroconf-peer.py'), address], { stdio: ['pipe', 'pipe', 'inherit'] })
  process.once('exit', () => child.kill('SIGKILL'))
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const next = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error('the responder has ended')
    const { error, ...reply } = JSON.parse(value)
    if (error !== undefined) throw new Error(error)
    return reply
  }
  await next()
  // It answers line by line, in order.
  const tell = (what) => {
    child.stdin.write(`${JSON.stringify({ ...what, number: 0 })}\n`)
    return next()
  }
  return {
    put: (service) => tell({ op: 'put', ...service }),
    remove: (service) => tell({ op: 'remove', ...service }),
    async close() {
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
  }
}
