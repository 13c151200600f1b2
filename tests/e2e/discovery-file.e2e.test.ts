import { drillRegistry } from '../support/registry-drill.ts'
import { join } from 'node:path'
import { mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { FarpService } from '@octopus-gateway/testing'

/** A file that is replaced as a whole. It is away while it is "stopped". */
drillRegistry('file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'octopus-e2e-services-'))
  const path = join(folder, 'services.json')
  const known = new Map<string, FarpService>()
  let isAway = false
  const write = (): void => {
    if (isAway) return
    const list = [...known.values()].map(({ name, instanceId: id, port }) => ({ name, id, address: '127.0.0.1', port }))
    writeFileSync(`${path}.draft`, JSON.stringify(list))
    renameSync(`${path}.draft`, path)
  }
  write()
  return {
    yaml: `discovery: { backend: file, file: { path: ${path} } }`,
    put(service) {
      known.set(service.instanceId, service)
      write()
    },
    remove({ instanceId }) {
      known.delete(instanceId)
      write()
    },
    async stop() {
      isAway = true
      unlinkSync(path)
    },
    async start() {
      isAway = false
      write()
    },
    async [Symbol.asyncDispose]() {
      rmSync(folder, { recursive: true })
    },
  }
})
