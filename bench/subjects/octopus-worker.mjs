// A worker of octopus-process.mjs, where its settings name a number of workers.
import { optionsOf, servingOf } from './octopus-options.mjs'
import { runWorker, serve } from '@octopus-gateway/node'

await runWorker(async (orders) => {
  const gateway = orders.gateway(await optionsOf(orders.configuration))
  await orders.settled(gateway)
  const server = await serve(gateway, servingOf(orders.configuration))
  return {
    gateway,
    listening: { url: server.url, port: server.port, tls: server.tls },
    prepare: () => Promise.reject(new Error('not measured')),
    close: (how) => server.close(how),
  }
})
process.exit()
