import { HELP } from '../../configuration.ts'
import { inspect } from './inspect.ts'
import { validate } from './validate.ts'
import type { Command } from '../command.ts'

/** The commands behind `octopus farp`, by their second word. */
export const FARP_COMMANDS: Readonly<Record<string, Command>> = { inspect, validate }

/** `octopus farp`: what the overview says of it. */
export const farp = {
  name: 'farp',
  summary: `Tools for services that speak FARP: ${Object.keys(FARP_COMMANDS).join(', ')}.`,
  options: { help: HELP },
}
