import { HELP } from '../../configuration.ts'
import { approve, reject } from './decide.ts'
import { contracts } from './contracts.ts'
import { diff } from './diff.ts'
import { inspect } from './inspect.ts'
import { validate } from './validate.ts'
import type { Command } from '../command.ts'

/** The commands behind `octopus farp`, by their second word. */
export const FARP_COMMANDS: Readonly<Record<string, Command>> = { approve, contracts, diff, inspect, reject, validate }

/** `octopus farp`: what the overview says of it. */
export const farp = {
  name: 'farp',
  summary: `Tools for services that speak FARP, and their contracts: ${Object.keys(FARP_COMMANDS).join(', ')}.`,
  options: { help: HELP },
}
