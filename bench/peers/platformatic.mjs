// @platformatic/gateway in front of one application, without a log: node platformatic.mjs '<settings as JSON>'
import { create } from '@platformatic/gateway'

const { port, backend } = JSON.parse(process.argv[2])
const configuration = {
  server: { logger: { level: 'silent' } },
  gateway: { applications: [{ id: 'backend', origin: backend, proxy: { prefix: '/' } }], refreshTimeout: 0 },
  watch: false,
}
const gateway = await create(import.meta.dirname, configuration, { serverConfig: { hostname: '127.0.0.1', port } })
await gateway.start({ listen: true })
