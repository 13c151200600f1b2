import { afterAll } from 'vitest'
import { closedPort, testCertificates, waitFor, type KubernetesObject } from '@octopus-gateway/testing'
import { Etcd } from '../../support/etcd.ts'
import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { OWNER, putServiceBy, USERS, type KubernetesServer } from '../../support/registries/kubernetes.ts'
import { Program } from '../../support/process.ts'
import { programUnderTest } from './program.ts'
import { Relay } from '../../support/relay.ts'
import { request } from 'node:https'
import { requireComponent } from '../../support/components.ts'
import { RESOURCES, resourceOf, type Resource } from '../../../packages/testing/src/registries/kubernetes/resources.ts'
import { tmpdir } from 'node:os'

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

interface Running {
  readonly port: number
  ask(method: string, path: string, body?: object): Promise<Answer>
  end(): Promise<void>
}

/** An API server takes long to start, so all tests of a file share one: each begins without the objects of the one before. */
let running: Promise<Running> | undefined
afterAll(async () => (await running)?.end())

/** What the suites write. */
const WRITTEN = ['services', 'endpointslices', 'pods', 'configmaps', 'roles', 'rolebindings']

/** The API server alone, over an etcd: no controllers, and nobody who runs pods. */
async function start(): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'octopus-kubernetes-'))
  const file = (name: string, text: string | Buffer): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const { server } = testCertificates()
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  })
  const groupOf = (user: string): string => (user.startsWith('system:') ? 'system:serviceaccounts' : 'system:masters')
  const tokens = Object.entries(USERS).map(([token, user], number) => `${token},${user},${number},"${groupOf(user)}"\n`)
  const etcd = await Etcd.start(requireComponent('etcd')!)
  const port = await closedPort()
  const program = new Program(programUnderTest(), [
    `--etcd-servers=${etcd.url}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${folder}`,
    `--tls-cert-file=${file('server.pem', server.cert)}`,
    `--tls-private-key-file=${file('server-key.pem', server.key)}`,
    `--token-auth-file=${file('tokens.csv', tokens.join(''))}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.test',
    `--service-account-signing-key-file=${file('account-key.pem', pair.privateKey)}`,
    `--service-account-key-file=${file('account.pem', pair.publicKey)}`,
    '--service-cluster-ip-range=10.96.0.0/16,fd00:10:96::/112',
    '--endpoint-reconciler-type=none',
    // Nobody makes service accounts for pods here.
    '--disable-admission-plugins=ServiceAccount',
  ])
  const ask = (method: string, path: string, body?: object): Promise<Answer> => asked(port, method, path, body)

  async function end(): Promise<void> {
    await program[Symbol.asyncDispose]()
    await etcd[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  }

  async function isReady(): Promise<boolean> {
    if (program.hasExited) throw new Error(`The API server has ended:\n${program.output}`)
    return (await ask('GET', '/readyz')).status === 200 && (await ask('GET', '/api/v1/namespaces/default')).status === 200
  }

  await waitFor(isReady, { timeout: 110_000, every: 200, what: 'the API server' }).catch(async (thrown: unknown) => {
    await end()
    throw thrown
  })
  return { port, ask, end }
}

function asked(port: number, method: string, path: string, body?: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${OWNER}`, 'content-type': 'application/json', accept: 'application/json' }
    const asking = request({ host: '127.0.0.1', port, method, path, headers, ca: testCertificates().ca }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        resolve({ status: response.statusCode!, body: (text.startsWith('{') ? JSON.parse(text) : { text }) as Answer['body'] })
      })
    })
    asking.on('error', reject)
    asking.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

/** Where objects like this one are created. */
export const pathOf = (object: { readonly apiVersion: string; readonly kind: string }, namespace: string): string =>
  collectionOf(resourceOf(object), namespace)

const collectionOf = ({ group, version, plural, isNamespaced }: Resource, namespace: string): string =>
  `${group === '' ? '/api' : `/apis/${group}`}/${version}${isNamespaced ? `/namespaces/${namespace}` : ''}/${plural}`

/** A real API server. Tests reach it through a door that can be shut. */
export async function realKubernetes(): Promise<KubernetesServer> {
  running ??= start()
  const { port, ask } = await running

  async function done(method: string, path: string, body?: object): Promise<Answer['body']> {
    const answer = await ask(method, path, body)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  async function put(object: KubernetesObject): Promise<void> {
    const { name, namespace = 'default' } = object.metadata
    const collection = collectionOf(resourceOf(object), namespace)
    const created = await ask('POST', collection, object)
    if (created.status === 201) return
    if (created.status !== 409) throw new Error(`${name}: ${created.status} ${JSON.stringify(created.body)}`)
    // What the server has added to the specification stays.
    const spec = { ...(await done('GET', `${collection}/${name}`))['spec']!, ...(object['spec'] as object | undefined) }
    await done('PUT', `${collection}/${name}`, { ...object, ...(Object.keys(spec).length === 0 ? {} : { spec }) })
  }

  async function clear(): Promise<void> {
    const { items } = (await done('GET', '/api/v1/namespaces')) as { readonly items?: readonly KubernetesObject[] }
    const own = items!.map(({ metadata }) => metadata.name).filter((name) => !name.startsWith('kube-'))
    for (const namespace of own)
      for (const resource of RESOURCES.filter(({ plural }) => WRITTEN.includes(plural)))
        await done('DELETE', collectionOf(resource, namespace))
  }

  await clear()
  const relay = await Relay.to(port)
  return {
    url: `https://127.0.0.1:${relay.port}`,
    get open() {
      return relay.connections
    },
    put,
    async delete({ name, namespace = 'default', ...kind }) {
      await done('DELETE', `${collectionOf(resourceOf(kind), namespace)}/${name}`)
    },
    putService: (service) => putServiceBy(put, service),
    async addNamespace(name) {
      const { status, body } = await ask('POST', '/api/v1/namespaces', { metadata: { name } })
      if (status !== 201 && status !== 409) throw new Error(`${name}: ${status} ${JSON.stringify(body)}`)
    },
    stop: () => relay.shut(),
    start: () => relay.open(),
    [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
  }
}
