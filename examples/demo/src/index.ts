import { Children } from './children.ts'
import { onKey, releaseKeys } from './keys.ts'
import { portProblem, ports } from './ports.ts'
import { routesAreThere } from './routes.ts'

const gateway = `http://localhost:${ports.gateway.port}`
const admin = `http://localhost:${ports.admin.port}`
const children = new Children()
const stopped = new AbortController()

async function stop(code: number): Promise<void> {
  if (stopped.signal.aborted) return
  stopped.abort()
  releaseKeys()
  await children.stopAll()
  process.exit(code)
}

function startService(name: 'users' | 'orders' | 'catalog' | 'reviews'): void {
  const env = { PORT: String(ports[name].port) }
  const onExit = (how: string) => console.log(`The service ${name} has stopped by itself (${how}).`)
  children.start(name, { script: `examples/demo-${name}/dist/index.js`, env, output: 'errors' }, onExit)
}

function startGateway(): void {
  const args = ['--config', 'examples/demo/octopus.yaml']
  children.start('gateway', { script: 'packages/cli/bin/octopus.js', args, output: 'show' }, (how) => {
    console.error(`The gateway has stopped by itself (${how}); the lines above say why.`)
    void stop(1)
  })
}

function introduce(): void {
  console.log(`
Octopus is running.

  Gateway   ${gateway}
  Admin     ${admin}/_/services
  Docs      ${admin}/_/docs
  Metrics   ${admin}/metrics
  Services  users (node:http) ${ports.users.port}, orders (Hono) ${ports.orders.port}, catalog (Fastify) ${ports.catalog.port}

Try:
  curl ${gateway}/users/profiles/ada
  curl '${gateway}/catalog/products?category=coffee'
  curl ${gateway}/orders/quotes -H 'content-type: application/json' -d '{"items":[{"sku":"espresso","quantity":2}]}'

${process.stdin.isTTY ? 'Keys: a starts a fourth service (reviews), l stops it again, q quits.' : 'Ctrl-C or SIGTERM stops everything.'}
`)
}

function handleKey(key: string): void {
  if (key === 'q' || key === 'ctrl-c') void stop(0)
  if (key === 'a' && !children.isRunning('reviews')) {
    console.log(`Starting reviews: its routes appear within a second. Then try: curl ${gateway}/reviews/ratings`)
    startService('reviews')
  }
  if (key === 'l' && children.isRunning('reviews')) {
    console.log('Stopping reviews: its routes go 2 s after the gateway has noticed.')
    children.stop('reviews')
  }
}

/** npm and the shell between it and this process may die without a word; being adopted by another parent is the sign. */
function stopWithParent(): void {
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) void stop(0)
  }, 250).unref()
}

process.on('SIGINT', () => void stop(0))
process.on('SIGTERM', () => void stop(0))
process.on('SIGHUP', () => void stop(0))
stopWithParent()

try {
  const problem = await portProblem()
  if (problem !== undefined) throw new Error(problem)
  for (const name of ['users', 'orders', 'catalog'] as const) startService(name)
  startGateway()
  await routesAreThere(admin, stopped.signal)
  if (!stopped.signal.aborted) {
    introduce()
    onKey(handleKey)
  }
} catch (error) {
  console.error((error as Error).message)
  await stop(1)
}
