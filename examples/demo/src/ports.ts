import { createServer } from 'node:net'

/** A port of the demo: who listens there, the variable that moves it, and where it is now. */
export interface DemoPort {
  readonly name: string
  readonly variable: string
  readonly port: number
}

function portOf(name: string, variable: string, usual: number): DemoPort {
  const text = process.env[variable]
  const port = text === undefined ? usual : Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`${variable} must be a port number, not "${text}".`)
  return { name, variable, port }
}

export const ports = {
  gateway: portOf('the gateway', 'OCTOPUS_PORT', 8080),
  admin: portOf('admin', 'OCTOPUS_ADMIN_PORT', 9090),
  users: portOf('users', 'USERS_PORT', 8081),
  orders: portOf('orders', 'ORDERS_PORT', 8082),
  catalog: portOf('catalog', 'CATALOG_PORT', 8083),
  reviews: portOf('reviews', 'REVIEWS_PORT', 8084),
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}

async function nextFree(port: number): Promise<number> {
  for (let candidate = port + 100; candidate < 65_536; candidate += 100) {
    if (await isFree(candidate)) return candidate
  }
  throw new Error('There is no free port.')
}

/** What to do when ports are taken, or `undefined` when all are free. */
export async function portProblem(): Promise<string | undefined> {
  const all = Object.values(ports)
  const free = await Promise.all(all.map(({ port }) => isFree(port)))
  const taken = all.filter((_, index) => !free[index])
  if (taken.length === 0) return undefined
  const others = await Promise.all(taken.map(async ({ variable, port }) => `${variable}=${await nextFree(port)}`))
  return [
    ...taken.map(({ name, port }) => `Port ${port}, for ${name}, is used by another program.`),
    `Stop that program, or start the demo on ${taken.length === 1 ? 'another port' : 'other ports'}:`,
    `  ${others.join(' ')} npm start`,
  ].join('\n')
}
