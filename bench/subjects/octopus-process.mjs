// The gateway as a process: node octopus-process.mjs '<settings as JSON>'. The settings are what subjects/octopus.mjs sends.
import { createConsole, createWorkers, serve } from '@octopus-gateway/node'
import { createGateway } from '@octopus-gateway/core'
import { optionsOf, routesOf, servingOf } from './octopus-options.mjs'

const settings = JSON.parse(process.argv[2])
const options = await optionsOf(settings)
const gateway = createGateway(options)

if (settings.workers === undefined) await serve(gateway, servingOf(settings))
else {
  const { log, write } = createConsole({ level: 'info', format: 'json' })
  const workers = createWorkers(gateway, {
    count: settings.workers,
    configuration: settings,
    log,
    file: new URL('octopus-worker.mjs', import.meta.url),
    write,
  })
  await workers.start()
}

// A table of `rebuild` routes is built again and again between two of these signals.
let round = 0
let rebuilding = null
process.on('SIGUSR2', async () => {
  if (rebuilding !== null) return rebuilding.abort()
  rebuilding = new AbortController()
  for (const { signal } = rebuilding; !signal.aborted; round++) {
    const routes = [...routesOf({ ...settings, routes: settings.rebuild }, round), { path: '/*', upstream: 'u0' }]
    const startedAt = performance.now()
    await gateway.update({ ...options, routes })
    console.log(JSON.stringify({ rebuiltMs: performance.now() - startedAt }))
  }
  rebuilding = null
  return undefined
})
