// Loaded into the processes of the gateway by NODE_OPTIONS, for the bench alone: after SIGUSR2 it collects garbage and writes down what is left.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'
import { setFlagsFromString } from 'node:v8'

const folder = process.env.OCTOPUS_CHAOS_REPORTS
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')

if (folder !== undefined) {
  mkdirSync(folder, { recursive: true })
  process.on('SIGUSR2', async () => {
    for (let i = 0; i < 3; i++) {
      collect()
      await new Promise((resolve) => setImmediate(resolve))
    }
    const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage()
    const resources = {}
    for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1
    const file = `${folder}/${process.pid}.json`
    writeFileSync(`${file}.part`, JSON.stringify({ heapUsed, external, arrayBuffers, rss, resources }))
    renameSync(`${file}.part`, file)
  })
}
