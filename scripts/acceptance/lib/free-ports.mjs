import { createServer } from 'node:net'

// Prints NAME=port for the demo: the ports everybody knows where all of them are free, others where one is taken.
const USUAL = { OCTOPUS_PORT: 8080, OCTOPUS_ADMIN_PORT: 9090, USERS_PORT: 8081, ORDERS_PORT: 8082, CATALOG_PORT: 8083, REVIEWS_PORT: 8084 }

function listen(port) {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}
const close = (server) => new Promise((resolve) => server.close(resolve))

async function claim(wanted) {
  const servers = await Promise.all(wanted.map(listen))
  const ports = servers.map((server) => server?.address().port)
  await Promise.all(servers.filter((server) => server !== undefined).map(close))
  return ports
}

const names = Object.keys(USUAL)
const usual = await claim(Object.values(USUAL))
const ports = usual.includes(undefined) ? await claim(names.map(() => 0)) : usual
console.log(names.map((name, index) => `${name}=${ports[index]}`).join(' '))
