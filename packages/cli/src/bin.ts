import { EXIT, main, type Io } from './index.ts'
import { complain } from './print.ts'

const io: Io = {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  isTerminal: process.stdout.isTTY === true,
  onStop: (listener) => onSignals(['SIGINT', 'SIGTERM'], listener),
  // On Windows it means that the window was closed.
  onReload: (listener) => onSignals(process.platform === 'win32' ? [] : ['SIGHUP'], listener),
  exit: (code) => process.exit(code),
}

function onSignals(signals: readonly NodeJS.Signals[], listener: () => void): () => void {
  for (const signal of signals) process.on(signal, listener)
  return () => {
    for (const signal of signals) process.off(signal, listener)
  }
}

// `octopus routes | head` closes the pipe early; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failure))

// Nobody foresaw it, so it is a defect: the stack says where.
function crash(error: unknown): void {
  complain(io, `octopus: unexpected failure: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  process.exit(EXIT.failure)
}
process.on('uncaughtException', crash)
process.on('unhandledRejection', crash)

const code = await main(process.argv.slice(2), io)
// Pipes are written asynchronously; leaving before they are empty would cut the output.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)))
