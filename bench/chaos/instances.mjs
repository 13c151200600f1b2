import { fork } from 'node:child_process'
import { lastingPort } from './ports.mjs'
import { once } from 'node:events'

/** Instances as processes of their own, each with a port for HTTP/1.1 and one for HTTP/2. */
export async function startInstances(count, seed) {
  const done = new Map()
  const all = await Promise.all(
    Array.from({ length: count }, async (_, i) => new Instance(i, [await lastingPort(), await lastingPort()], seed + i, done)),
  )
  await Promise.all(all.map((instance) => instance.start()))
  return { all, done, stop: () => all.forEach((instance) => instance.kill()) }
}

class Instance {
  mode = 'ok'
  #child = null
  #done
  #isMeant = false

  constructor(index, ports, seed, done) {
    this.index = index
    this.ports = ports
    this.seed = seed
    this.#done = done
  }

  async start() {
    const child = fork(new URL('instance-process.mjs', import.meta.url), [JSON.stringify({ ports: this.ports, seed: this.seed++ })])
    this.#child = child
    this.#isMeant = false
    child.once('exit', (code, signal) => {
      // One that ends by itself would make the run milder than it says.
      if (this.#child === child && !this.#isMeant) throw new Error(`Instance ${this.index} ended by itself (${code ?? signal}).`)
    })
    child.on('message', ({ done }) => {
      for (const [what, times] of Object.entries(done)) this.#done.set(what, (this.#done.get(what) ?? 0) + times)
    })
    await once(child, 'message')
  }

  /** Resolves when it is so. */
  async become(mode) {
    const before = this.mode
    this.mode = mode
    if (mode === 'killed') {
      this.#done.set('killed', (this.#done.get('killed') ?? 0) + 1)
      this.kill()
    } else if (before === 'killed') await this.start()
    else {
      const heard = once(this.#child, 'message')
      this.#child.send({ mode })
      await heard
    }
  }

  kill() {
    this.#isMeant = true
    this.#child?.kill('SIGKILL')
    this.#child = null
  }
}
