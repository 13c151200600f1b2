import { runWorker } from '@octopus-gateway/node'
import { startWorker } from './workers/worker.ts'

await runWorker(startWorker)
process.exit()
