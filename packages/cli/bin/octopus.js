#!/usr/bin/env node
// Process 1 of a container is not ended by a signal that nobody listens to, and loading the command takes a while.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
])
  process.on(signal, () => {
    if (process.listenerCount(signal) === 1) process.exit(code)
  })
await import('../dist/bin.js')
