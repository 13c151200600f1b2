import { cpus, release, totalmem } from 'node:os'
import { SUBJECTS } from '../subjects/index.mjs'
import { versionOf } from './processes.mjs'

/** The machine, as it is written beside every figure. */
export function machine() {
  const [first] = cpus()
  return { cpu: first.model.trim(), cores: cpus().length, memoryGiB: Math.round(totalmem() / 1024 ** 3), kernel: release() }
}

/** Versions of everything that takes part in measuring; `null` for what is missing. */
export function versions() {
  const subjects = Object.fromEntries([...SUBJECTS.values()].filter(({ peer }) => peer).map((one) => [one.name, one.version()]))
  return { node: process.version, ...subjects, wrk: versionOf('wrk', ['-v']), h2load: versionOf('h2load', ['--version']) }
}
