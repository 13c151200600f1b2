// @platformatic/gateway in front of one application, without a log: node platformatic.mjs '<settings as JSON>'
import { create } from '@platformatic/gateway'

// When a client leaves in the middle of an answer, nobody takes the error of the body that is cut off; its own runtime would start it anew.
process.on('uncaughtException', (error) => {
  if (error.code !== 'UND_ERR_ABORTED') throw error
})

const { port, backend } = JSON.parse(process.argv[2])
const configuration = {
  server: { logger: { level: 'silent' } },
  gateway: { applications: [{ id: 'backend', origin: backend, proxy: { prefix: '/' } }], refreshTimeout: 0 },
  watch: false,
}
const gateway = await create(import.meta.dirname, configuration, { serverConfig: { hostname: '127.0.0.1', port } })
await gateway.start({ listen: true })
