import { join } from 'node:path'
import { freePort, start } from '../lib/processes.mjs'

/** What each variant sends to its process. Metrics and the access log are on unless it says otherwise. */
const VARIANTS = {
  octopus: { title: 'Octopus' },
  'octopus-plain': { title: 'Octopus, metrics and log off', metrics: false, log: false },
  'octopus-undici': { title: 'Octopus, undici towards the upstream', serving: { upstreamClient: 'undici' } },
  'octopus-web': { title: 'Octopus, web lane with one Hono middleware', plugins: 'web' },
  'octopus-policies': { title: 'Octopus with request id, CORS, JWT (cached), rate limit', plugins: 'policies' },
  'octopus-four': { title: 'Octopus with auth (JWT), rate_limit, cors, compression', plugins: 'four' },
  'octopus-10k-routes': { title: 'Octopus, 10,000 routes', routes: 10_000 },
  'octopus-1k-upstreams': { title: 'Octopus, 1,000 routes to 1,000 upstreams', routes: 1_000 },
  'octopus-rebuild': { title: 'Octopus', rebuild: 20_000 },
  'octopus-2-workers': { title: 'Octopus, two workers and their control process', workers: 2, core: '0,1' },
}

function octopus(name, { title, core = '0', ...variant }) {
  return {
    name,
    title,
    peer: false,
    version: () => 'this checkout',
    carries: ['http', 'https', 'h2', 'h2c'],
    async start({ folder, front, backend, certificate }) {
      const port = await freePort()
      const overTls = front === 'https' || front === 'h2'
      const tls = overTls ? { port: await freePort(), cert: certificate.cert, key: certificate.key } : undefined
      const protocol = backend.protocol === 'h2c' ? 'h2c' : undefined
      const settings = { port, tls, protocol, upstreams: backend.origins, metrics: true, log: true, ...variant }
      const process = await start(
        globalThis.process.execPath,
        [join(import.meta.dirname, 'octopus-process.mjs'), JSON.stringify(settings)],
        {
          name,
          core,
          ports: overTls ? [port, tls.port] : [port],
          folder,
        },
      )
      return { ...process, port: overTls ? tls.port : port }
    },
  }
}

/** The gateway in every way that is measured. */
export const octopuses = Object.entries(VARIANTS).map(([name, variant]) => octopus(name, variant))
