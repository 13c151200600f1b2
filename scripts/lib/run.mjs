import { spawn } from 'node:child_process'
import { ROOT } from './workspace.mjs'

/** Runs a program to its end and keeps what it printed. Never rejects for an exit code: `{ code, output }`. */
export function capture(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], ...options })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code: code ?? `signal ${signal}`, output }))
  })
}

/** npm and its shell may die without passing a signal on; being adopted by another parent is the sign. */
function watchParent(onGone) {
  const parent = process.ppid
  return setInterval(() => {
    if (process.ppid !== parent) onGone()
  }, 250).unref()
}

/** Runs a program in the user's terminal and resolves with its exit code. */
export function inherit(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit', ...options })
    const forward = (signal) => {
      // Ctrl-C in a terminal has reached the child already; a second one would mean "at once".
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    }
    process.on('SIGTERM', forward)
    process.on('SIGINT', forward)
    const watch = watchParent(() => child.kill('SIGTERM'))
    child.on('error', reject)
    child.on('close', (code, signal) => {
      process.off('SIGTERM', forward)
      process.off('SIGINT', forward)
      clearInterval(watch)
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143))
    })
  })
}

/** The last lines of a program's output: the part that says why it failed. */
export function tail(output, lines = 25) {
  return output.trimEnd().split('\n').slice(-lines).join('\n')
}
