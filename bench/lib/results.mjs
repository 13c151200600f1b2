import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, '../results')

/** Keeps what was measured of a scenario, raw rounds included: in `bench/results/` or, when it was only tried, in `elsewhere`. */
export function keep(result, elsewhere) {
  const folder = elsewhere ?? FOLDER
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${result.scenario}.json`), `${JSON.stringify(result, null, 1)}\n`)
}

/** Everything that was kept, by scenario. */
export function kept(elsewhere) {
  const folder = elsewhere ?? FOLDER
  if (!existsSync(folder)) return new Map()
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
  const results = names.map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
  return new Map(results.map((result) => [result.scenario, result]))
}
