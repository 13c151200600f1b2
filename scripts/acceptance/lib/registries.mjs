import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { delimiter, join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { closedPort, startConsul, startEureka, startKubernetes } from '@octopus-gateway/testing'
import { startAnnouncer } from './announcer.mjs'
import { LINK, setLink } from './own-network.mjs'
import { startBind } from '../../lib/bind.mjs'
import { startEtcd } from '../../lib/etcd.mjs'
import { CACHE } from '../../lib/workspace.mjs'

const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/sbin']

/** The path of a program, or `undefined`; with CI=true nothing may be missing. */
function find(program) {
  const path = FOLDERS.map((folder) => join(folder, program)).find(existsSync)
  if (path === undefined && process.env.CI === 'true') throw new Error(`${program} is missing; run npm run test:components`)
  return path
}

/** Debian's Python, if it can import a module. */
function findPython(module) {
  const python = '/usr/bin/python3'
  if (spawnSync(python, ['-c', `import ${module}`]).status === 0) return python
  if (process.env.CI === 'true') throw new Error(`python3-${module} is missing; run npm run test:components`)
  return undefined
}

/** The system may have lent the port to an outgoing connection meanwhile. */
async function listenAgain(start) {
  for (let tries = 0; ; tries++) {
    try {
      return await start()
    } catch (error) {
      if (error.code !== 'EADDRINUSE' || tries === 100) throw error
      await sleep(100)
    }
  }
}

const FARP = { 'farp.enabled': 'true' }
const idOf = ({ service, port }) => `${service}-${port}`

/** What a service says of itself at `/_farp/discovery`, as it does without a registry. */
const recordOf = (one) => ({
  service_id: idOf(one),
  service_name: one.service,
  address: '127.0.0.1',
  port: one.port,
  metadata: { 'farp.manifest': `http://127.0.0.1:${one.port}/_farp/manifest` },
  farp_enabled: true,
})

/** The place of a service: `tell` gives the one that is there now, or `undefined`. */
async function openSeed(port, tell) {
  const server = createServer((request, response) => {
    const one = request.url === '/_farp/discovery' ? tell() : undefined
    if (one === undefined) response.writeHead(404).end()
    else response.end(JSON.stringify(recordOf(one)))
  }).listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

/**
 * The registries of discovery, one entry each. `open(instances)` starts one that knows `{ service, port }[]` on 127.0.0.1 and gives what stands in
 * `discovery`, how it goes away (`stop`), how it comes back with other contents (`start(instances)`), how those change while it is there
 * (`change(instances)`), and `close`. `seconds` is how often is asked, 0 where the registry tells by itself. `needs` is a program that may be missing.
 * With `link` all of it has to run in a network of its own, instances at the address of that link: nobody is in the middle of a network who could be away, but
 * the link to it can.
 */
export const REGISTRIES = [
  {
    name: 'file',
    seconds: 2,
    async open(instances) {
      const path = join(CACHE, 'acceptance', 'outage-services.json')
      const write = (all) =>
        writeFileSync(path, JSON.stringify(all.map(({ service, port }) => ({ name: service, address: '127.0.0.1', port, metadata: FARP }))))
      mkdirSync(join(CACHE, 'acceptance'), { recursive: true })
      write(instances)
      return {
        yaml: `{ backend: file, file: { path: "${path}" } }`,
        stop: () => rmSync(path),
        start: write,
        change: write,
        close: () => rmSync(path),
      }
    },
  },
  {
    name: 'consul',
    seconds: 0,
    async open(instances) {
      const consul = await startConsul()
      let known = []
      const contain = (all) => {
        for (const one of known) consul.deregister(idOf(one))
        for (const one of all)
          consul.register({ Name: one.service, ID: idOf(one), Address: '127.0.0.1', Port: one.port, Meta: { 'farp-enabled': 'true' } })
        known = all
      }
      contain(instances)
      return {
        yaml: `{ backend: consul, consul: { address: "${consul.address}" } }`,
        stop: () => consul.stop(),
        start(all) {
          contain(all)
          return listenAgain(() => consul.start())
        },
        change: contain,
        close: () => consul[Symbol.asyncDispose](),
      }
    },
  },
  {
    name: 'eureka',
    seconds: 5,
    async open(instances) {
      const eureka = await startEureka()
      const contain = (all) => {
        eureka.registry.clear()
        for (const one of all)
          eureka.registry.register({ app: one.service, instanceId: idOf(one), hostName: '127.0.0.1', port: one.port, metadata: FARP })
      }
      contain(instances)
      return {
        yaml: `{ backend: eureka, eureka: { servers: ["${eureka.url}"], interval: 5s } }`,
        stop: () => eureka.stop(),
        start(all) {
          contain(all)
          return listenAgain(() => eureka.start())
        },
        change: contain,
        close: () => eureka[Symbol.asyncDispose](),
      }
    },
  },
  {
    name: 'kubernetes',
    seconds: 0,
    async open(instances) {
      const api = await startKubernetes()
      const path = join(CACHE, 'acceptance', 'outage-kubeconfig.json')
      writeFileSync(
        path,
        JSON.stringify({
          'current-context': 'c',
          contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
          clusters: [{ name: 'c', cluster: { server: api.url } }],
          users: [{ name: 'u', user: {} }],
        }),
      )
      const slice = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' }
      let known = []
      const contain = (all) => {
        for (const one of known) api.delete({ ...slice, name: idOf(one) })
        for (const one of all) {
          api.put({ apiVersion: 'v1', kind: 'Service', metadata: { name: one.service, annotations: FARP } })
          api.put({
            ...slice,
            metadata: { name: idOf(one), labels: { 'kubernetes.io/service-name': one.service } },
            addressType: 'IPv4',
            ports: [{ name: 'http', port: one.port }],
            endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true }, targetRef: { kind: 'Pod', name: idOf(one) } }],
          })
        }
        known = all
      }
      contain(instances)
      return {
        yaml: `{ backend: kubernetes, kubernetes: { kubeconfig: "${path}" } }`,
        stop: () => api.stop(),
        start(all) {
          contain(all)
          return listenAgain(() => api.start())
        },
        change: contain,
        close: () => api[Symbol.asyncDispose](),
      }
    },
  },
  {
    name: 'etcd',
    seconds: 0,
    needs: find('etcd'),
    async open(instances) {
      const etcd = await startEtcd(this.needs, [await closedPort(), await closedPort()])
      const keyOf = (one) => `/services/${one.service}/${idOf(one)}`
      let known = []
      const contain = async (all) => {
        for (const one of known) await etcd.remove(keyOf(one))
        for (const one of all)
          await etcd.put(keyOf(one), { id: idOf(one), name: one.service, address: '127.0.0.1', port: one.port, metadata: FARP })
        known = all
      }
      await contain(instances)
      return {
        yaml: `{ backend: etcd, etcd: { endpoints: ["${etcd.url}"] } }`,
        stop: () => etcd.stop(),
        async start(all) {
          await etcd.start()
          await contain(all)
        },
        change: contain,
        close: () => etcd.close(),
      }
    },
  },
  {
    name: 'dns',
    seconds: 2,
    needs: find('named'),
    async open(instances) {
      const recordsOf = (all) => ['here IN A 127.0.0.1', ...all.map(({ service, port }) => `_${service}._tcp IN SRV 0 0 ${port} here`)]
      const bind = await startBind(this.needs, await closedPort(), recordsOf(instances))
      return {
        yaml: `{ backend: dns, dns: { servers: ["${bind.server}"], interval: 2s, names: [{ name: _users._tcp.test }, { name: _stock._tcp.test }] } }`,
        stop: () => bind.stop(),
        start(all) {
          bind.write(recordsOf(all))
          return bind.start()
        },
        async change(all) {
          await bind.stop()
          bind.write(recordsOf(all))
          await bind.start()
        },
        close: () => bind.close(),
      }
    },
  },
  {
    name: 'seeds',
    seconds: 2,
    async open(instances) {
      let there = instances
      // One more than there are at first: its place is known, and nobody lives there.
      const ports = await Promise.all(Array.from({ length: instances.length + 1 }, closedPort))
      const openAll = () => Promise.all(ports.map((port, number) => listenAgain(() => openSeed(port, () => there[number]))))
      let servers = await openAll()
      const stop = () => {
        for (const server of servers) {
          server.close()
          server.closeAllConnections()
        }
      }
      return {
        yaml: `{ backend: seeds, seeds: { interval: 2s, urls: [${ports.map((port) => `"http://127.0.0.1:${port}"`).join(', ')}] } }`,
        stop,
        async start(all) {
          there = all
          servers = await openAll()
        },
        change: (all) => void (there = all),
        close: stop,
      }
    },
  },
  {
    name: 'mdns',
    // Three questions without an answer: the goodbyes of an outage nobody has heard.
    seconds: 3,
    needs: findPython('zeroconf'),
    link: LINK,
    async open(instances) {
      const announcer = await startAnnouncer(this.needs, LINK.address)
      const placeOf = (one) => ({ type: '_farp._tcp', label: idOf(one) })
      let known = []
      const contain = async (all) => {
        for (const one of known.filter((before) => !all.includes(before))) await announcer.remove(placeOf(one))
        for (const one of all.filter((now) => !known.includes(now)))
          await announcer.put({
            ...placeOf(one),
            host: idOf(one),
            port: one.port,
            addresses: [LINK.address],
            ttl: 120,
            txt: [`name=${one.service}`, `id=${idOf(one)}`],
          })
        known = all
      }
      await contain(instances)
      return {
        yaml: `{ backend: mdns, mdns: { service_types: [_farp._tcp], interface: ${LINK.address}, allowed_services: [users, stock], interval: 1s, browse_time: 500ms } }`,
        stop: () => setLink('down'),
        async start(all) {
          await contain(all)
          setLink('up')
        },
        change: contain,
        close: () => announcer.close(),
      }
    },
  },
]
