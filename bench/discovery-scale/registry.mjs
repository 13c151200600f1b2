import { startKubernetes } from '@octopus-gateway/testing'
import { startEtcd } from '../../scripts/lib/etcd.mjs'

// A registry with many services, run with fork(): node registry.mjs <kubernetes|etcd> <services> <instances> <program> <port> <peer port>.
// On { rate, seconds } it changes endpoints, so many in a second, and tells the address of the last one.
const [kind, services, instances, program, ...ports] = process.argv.slice(2)
const [SERVICES, INSTANCES] = [Number(services), Number(instances)]

const indices = (count) => Array.from({ length: count }, (_, index) => index)
const nameOf = (service) => `service-${service}`
/** Addresses of their own for each instance in each round. */
const addressOf = (service, instance, round) => `10.${round % 250}.${service >> 5}.${(service & 31) * INSTANCES + instance}`

async function kubernetes() {
  const api = await startKubernetes()
  const rounds = new Map()
  const put = (service) =>
    api.put({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: nameOf(service), labels: { 'kubernetes.io/service-name': nameOf(service) } },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080 }],
      endpoints: indices(INSTANCES).map((instance) => ({
        addresses: [addressOf(service, instance, rounds.get(`${service}/${instance}`) ?? 0)],
        conditions: { ready: true },
        targetRef: { kind: 'Pod', name: `${nameOf(service)}-${instance}` },
      })),
    })
  for (const service of indices(SERVICES)) {
    api.put({ apiVersion: 'v1', kind: 'Service', metadata: { name: nameOf(service) } })
    for (const instance of indices(INSTANCES))
      api.put({ apiVersion: 'v1', kind: 'Pod', metadata: { name: `${nameOf(service)}-${instance}` } })
    put(service)
  }
  return {
    url: api.url,
    change(service, instance, round) {
      rounds.set(`${service}/${instance}`, round)
      put(service)
    },
  }
}

async function etcd() {
  const server = await startEtcd(program, ports.map(Number))
  const entry = (service, instance, round) => [
    `/services/${nameOf(service)}/${instance}`,
    {
      id: `${nameOf(service)}-${instance}`,
      name: nameOf(service),
      address: addressOf(service, instance, round),
      port: 8080,
      status: 'passing',
    },
  ]
  await server.putAll(indices(SERVICES).flatMap((service) => indices(INSTANCES).map((instance) => entry(service, instance, 0))))
  return { url: server.url, change: (...what) => server.put(...entry(...what)) }
}

const registry = await { kubernetes, etcd }[kind]()
process.send({ url: registry.url })

let changes = 0
process.on('message', async ({ rate, seconds }) => {
  const begun = performance.now()
  let last
  for (let i = 0; i < rate * seconds; i++) {
    changes += 1
    // Every service in turn, and one instance of it after another.
    const [service, instance] = [changes % SERVICES, Math.floor(changes / SERVICES) % INSTANCES]
    const round = 1 + Math.floor(changes / SERVICES)
    await registry.change(service, instance, round)
    last = addressOf(service, instance, round)
    const due = begun + ((i + 1) * 1_000) / rate
    if (due > performance.now()) await new Promise((resolve) => setTimeout(resolve, due - performance.now()))
  }
  process.send({ last, seconds: (performance.now() - begun) / 1_000 })
})
process.on('disconnect', () => process.exit())
