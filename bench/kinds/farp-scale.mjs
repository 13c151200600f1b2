import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const PROGRAM = join(import.meta.dirname, '../farp-scale/run.mjs')

/** Many services that speak FARP: the first full table, and what a change of one costs. In a process of its own, for the sake of memory. */
export async function farpScale({ name, load }, bench) {
  const sizes = Object.entries(load).flatMap(([option, value]) => [`--${option}`, String(value)])
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, '--json', ...sizes])
  const data = JSON.parse(stdout)
  bench.say(`${name}: first full table after ${(data.first.ms / 1000).toFixed(1)} s`)
  return { ...data, absent: {} }
}
