import { CONFIG, HELP } from '../configuration.ts'
import { serveWith } from './serve.ts'
import type { Command } from './command.ts'

/** `octopus dev` */
export const dev: Command = {
  name: 'dev',
  summary: 'Start the gateway to work on its configuration and plugins.',
  details:
    'As without a command, and every saved change counts at once, that of plugin modules given by path too; each change of the routes is\n' +
    'printed. The log is text, and everything is in it, unless observability.logging says otherwise. What is wrong is told with file and line,\n' +
    'and the last good state keeps running.',
  options: { config: CONFIG, help: HELP },
  // Whoever works on it reads along, wherever the output goes.
  run: (args, io) => serveWith(args, { ...io, isTerminal: true }, { freshModules: true, logLevel: 'debug' }),
}
