import { mkdtemp, rename, rm, unlink, writeFile } from 'node:fs/promises'
import { fileDiscovery } from '@octopus-gateway/discovery-file'
import { join } from 'node:path'
import { testDiscoveryProvider } from '@octopus-gateway/core/testing'
import { tmpdir } from 'node:os'
import type { Registered } from '@octopus-gateway/core/testing'

/** A file that is replaced as a whole. "Stopped" is a file that is away. */
testDiscoveryProvider('file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'octopus-file-'))
  const path = join(folder, 'services.yaml')
  const known = new Map<string, Registered>()
  let isStopped = false
  let writing = Promise.resolve()
  const write = (): Promise<void> => (writing = writing.then(writeNow))
  async function writeNow(): Promise<void> {
    if (isStopped) return
    const services = [...known.values()]
      .map(({ service, ...rest }) => ({ name: service, address: rest.host, port: rest.port, id: rest.id, metadata: rest.metadata }))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
    const draft = join(folder, `draft-${Math.random()}`)
    await writeFile(draft, JSON.stringify(services))
    await rename(draft, path)
  }
  await write()
  return {
    provider: () => fileDiscovery({ path }),
    async put(instance) {
      known.set(instance.id, instance)
      await write()
    },
    async remove({ id }) {
      known.delete(id)
      await write()
    },
    async stop() {
      isStopped = true
      await unlink(path)
    },
    async start() {
      isStopped = false
      await write()
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
})
