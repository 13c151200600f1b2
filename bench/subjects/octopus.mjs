// The gateway as a process: node octopus.mjs <port> <backend port> [plain|logged|web|routes]
import { createConsole, serve } from '@octopus-gateway/node'
import { createGateway, definePlugin } from '@octopus-gateway/core'

const [port, backend, mode] = process.argv.slice(2)
const { accessLog } = mode === 'logged' || mode === 'web' ? createConsole({ level: 'info', format: 'json' }) : {}
const anything = { '~standard': { version: 1, vendor: 'bench', validate: (value) => ({ value }) } }
const pass = definePlugin({ name: 'pass', config: anything, setup: () => ({ middleware: (_c, next) => next() }) })
const gateway = createGateway({
  upstreams: { backend: [`http://127.0.0.1:${backend}`] },
  routes: [{ path: '/*', upstream: 'backend' }],
  plugins: mode === 'web' ? [pass()] : [],
  metrics: mode !== 'plain',
  ...(accessLog === undefined ? {} : { accessLog }),
})
await serve(gateway, { port: Number(port), host: '127.0.0.1', limits: { connections: 20_000 } })
