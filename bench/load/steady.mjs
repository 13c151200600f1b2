import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { LOAD_CORE } from '../lib/processes.mjs'

/**
 * A load of our own in its own process. It prints `steady` when everything is connected, `done` after the measured seconds, and then its counts
 * as JSON. `onSteady` and `onDone` are called in between, so that connecting is not measured.
 */
export function steadyLoad(name) {
  return ({ port, scenario, seconds, onSteady, onDone }) =>
    new Promise((resolve, reject) => {
      const file = join(import.meta.dirname, `${name}-process.mjs`)
      const settings = JSON.stringify({ port, seconds, path: scenario.request.path, ...scenario.load, bytes: scenario.expect.bytes })
      const child = spawn('taskset', ['-c', LOAD_CORE, process.execPath, file, settings], { stdio: ['ignore', 'pipe', 'inherit'] })
      let counts = null
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line === 'steady') onSteady()
        else if (line === 'done') onDone()
        else counts = JSON.parse(line)
      })
      child.once('exit', (code) => {
        if (counts === null) reject(new Error(`the load ended with ${code}`))
        else if (counts.error !== undefined) reject(new Error(counts.error))
        else resolve({ ...counts, perSecond: counts.requests / seconds })
      })
    })
}
