import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createGateway } from '@octopus-gateway/core'
import { delimiter, join } from 'node:path'
import { CHART, MANIFESTS, manifests, objectsIn, release, rendered, VALUES } from './support/deployments.ts'
import { helmTemplate, type Rendered } from './support/helm.ts'
import { kubernetesDiscovery } from '@octopus-gateway/discovery-kubernetes'
import { loadConfig } from '@octopus-gateway/config'
import { requireComponent } from './support/components.ts'
import { Program, freePort, root, waitFor } from './support/process.ts'
import { spawnSync } from 'node:child_process'
import { startKubernetes, type KubernetesObject } from '@octopus-gateway/testing'
import { tmpdir } from 'node:os'

interface Container {
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
  readonly env: readonly { readonly name: string; readonly value?: string }[]
  readonly resources: unknown
  readonly startupProbe: Probe
  readonly readinessProbe: Probe
  readonly livenessProbe: Probe
  readonly securityContext: object
}
interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
}
interface DeploymentSpec {
  readonly replicas: number
  readonly template: {
    readonly spec: {
      readonly terminationGracePeriodSeconds: number
      readonly containers: readonly [Container]
      readonly securityContext: object
    }
  }
}

const of = (objects: readonly Rendered[], kind: string): Rendered[] => objects.filter((object) => object.kind === kind)

const kubeconfigOf = (server: string, user: object): string =>
  JSON.stringify({
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u', namespace: 'shop' } }],
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user }],
  })

/** The configuration that the pods get, as the gateway reads it. */
async function configOf(objects: readonly Rendered[]): ReturnType<typeof loadConfig> {
  const folder = mkdtempSync(join(tmpdir(), 'octopus-deployment-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, text] of Object.entries(of(objects, 'ConfigMap')[0]!['data'] as Record<string, string>))
    writeFileSync(join(folder, name), text)
  return loadConfig([folder], {
    import: (specifier) => import(specifier) as Promise<unknown>,
    env: { OCTOPUS_ADMIN_PASSWORD_HASH: '$2b$10$abcdefghijklmnopqrstuuFtm9Fj0JDNfH2mAzGxZ7oXNLw3F8k5e' },
  })
}

describe.each<[string, () => Rendered[]]>([
  ['the manifests', manifests],
  ['the chart', rendered],
])('of Kubernetes, %s', (_, objects) => {
  test('hold the Deployment of the promise: replicas, ports, backend, resources', () => {
    const [deployment] = of(objects(), 'Deployment')
    expect(deployment!.metadata.name).toBe('octopus-gateway')
    const { replicas, template } = deployment!['spec'] as DeploymentSpec
    const [container] = template.spec.containers
    expect(replicas).toBe(3)
    expect(container.ports).toEqual([
      { name: 'http', containerPort: 8080 },
      { name: 'admin', containerPort: 9090 },
    ])
    expect(container.env).toEqual([{ name: 'DISCOVERY_BACKEND', value: 'kubernetes' }])
    expect(container.resources).toEqual({ requests: { memory: '512Mi', cpu: '500m' }, limits: { memory: '2Gi', cpu: '2000m' } })
    expect(template.spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 10001 })
    expect(container.securityContext).toMatchObject({
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    })
  })

  test('ask the probes that the gateway answers, and wait longer than it drains', async () => {
    const all = objects()
    const { spec } = (of(all, 'Deployment')[0]!['spec'] as DeploymentSpec).template
    const [{ startupProbe, readinessProbe, livenessProbe }] = spec.containers
    const { server, shutdown, gateway } = await configOf(all)
    const { probes } = server
    if (probes === false) expect.fail('there are no probes')
    expect([startupProbe, readinessProbe, livenessProbe].map(({ httpGet }) => httpGet)).toEqual(
      [probes.startup, probes.readiness, probes.liveness].map((path) => ({ path, port: 'http' })),
    )
    expect(server.port).toBe(8080)
    expect(shutdown.preStopDelay).toBeGreaterThan(0)
    expect(spec.terminationGracePeriodSeconds * 1000).toBeGreaterThan(shutdown.preStopDelay + shutdown.grace)
    expect(gateway.discovery?.map(({ name }) => name)).toEqual(['kubernetes'])
    expect(gateway.sources).toHaveLength(1)
    expect(of(all, 'PodDisruptionBudget')).toHaveLength(1)
  })

  test('give the service account the rights that discovery needs, and no more', async () => {
    await using api = await startKubernetes({ tokens: { t: 'system:serviceaccount:shop:octopus-gateway' } })
    api.addNamespace('shop')
    for (const object of objects()) {
      const { metadata } = object
      const subjects = object['subjects'] as readonly object[] | undefined
      // A subject without a namespace is of the binding's.
      const placed = subjects === undefined ? {} : { subjects: subjects.map((subject) => ({ namespace: 'shop', ...subject })) }
      api.put({ ...object, ...placed, metadata: { ...metadata, namespace: metadata.namespace ?? 'shop' } } as KubernetesObject)
    }
    api.putService({
      name: 'users',
      namespace: 'shop',
      labels: { 'app.kubernetes.io/part-of': 'octopus' },
      endpoints: [{ addresses: ['10.0.0.1'] }],
    })
    const folder = mkdtempSync(join(tmpdir(), 'octopus-deployment-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, 'config'), kubeconfigOf(api.url, { token: 't' }))
    const gateway = createGateway({
      discovery: [kubernetesDiscovery({ kubeconfig: join(folder, 'config'), labelSelector: 'app.kubernetes.io/part-of=octopus' })],
    })
    onTestFinished(() => gateway[Symbol.asyncDispose]())
    await gateway.synced
    expect(gateway.services.map(({ service }) => service)).toEqual(['users'])
    await waitFor('watches', () => api.requests.filter(({ verb, status }) => verb === 'watch' && status === 200).length === 2)
    const refused = api.requests.filter(({ status }) => status === 403).map(({ path }) => path)
    expect(refused).toEqual(['/api/v1/namespaces/shop/pods'])
    for (const path of ['secrets', 'configmaps', 'pods']) {
      const { status } = await fetch(`${api.url}/api/v1/namespaces/shop/${path}`, { headers: { authorization: 'Bearer t' } })
      expect([path, status >= 400]).toEqual([path, true])
    }
  })
})

describe('the chart', () => {
  test('does what --set discovery.backend and --set farp.enabled say', async () => {
    const objects = rendered({ discovery: { backend: 'static' }, farp: { enabled: false } })
    const { gateway } = await configOf(objects)
    expect([gateway.discovery?.map(({ name }) => name), gateway.sources]).toEqual([['static'], []])
    expect((of(objects, 'Deployment')[0]!['spec'] as DeploymentSpec).template.spec.containers[0].env).toEqual([
      { name: 'DISCOVERY_BACKEND', value: 'static' },
    ])
    expect(objects.filter(({ kind }) => kind.startsWith('Role'))).toEqual([])
  })

  test('finds services with several backends, and may read what Kubernetes has where it is one of them', async () => {
    const objects = rendered({
      discovery: { backends: ['kubernetes', 'dns'] },
      config: { discovery: { dns: { names: [{ name: 'users.test', type: 'a', port: 8080 }] } } },
    })
    expect((await configOf(objects)).gateway.discovery?.map(({ name }) => name)).toEqual(['kubernetes', 'dns'])
    expect(of(objects, 'Role')).toHaveLength(1)
    expect((of(objects, 'Deployment')[0]!['spec'] as DeploymentSpec).template.spec.containers[0].env).toBeUndefined()
    expect(of(rendered({ discovery: { backends: ['dns'] } }), 'Role')).toEqual([])
  })

  test.each<[unknown, string[]]>([
    ['', ['Role shop']],
    ['other', ['Role other']],
    [
      ['a', 'b'],
      ['Role a', 'Role b'],
    ],
    ['*', ['ClusterRole']],
  ])('watches the namespace %j and may read it', async (namespace, roles) => {
    const objects = rendered({ discovery: { kubernetes: { namespace, labelSelector: 'a=b' } } })
    const { gateway } = await configOf(objects)
    expect(gateway.discovery?.[0]?.identity).toMatchObject({
      config: { namespace: namespace === '' ? 'shop' : namespace, labelSelector: 'a=b' },
    })
    const names = (suffix: string): string[] =>
      objects
        .filter(({ kind }) => kind.endsWith(suffix))
        .map(({ kind, metadata }) => `${kind.replace('Binding', '')} ${metadata.namespace ?? ''}`.trim())
    expect([names('Role'), names('Binding')]).toEqual([roles, roles])
  })

  test('opens the admin API with a password alone', async () => {
    expect((await configOf(rendered({}))).admin).toMatchObject({ host: '127.0.0.1', port: 9090 })
    expect(() => rendered({ admin: { exposed: true } })).toThrow('admin.exposed needs admin.existingSecret')
    const objects = rendered({ admin: { exposed: true, existingSecret: 'octopus-admin' } })
    expect((await configOf(objects)).admin).toMatchObject({ host: '0.0.0.0', port: 9090, auth: { username: 'admin' } })
    expect(JSON.stringify(of(objects, 'Deployment'))).toContain('"secretKeyRef":{"name":"octopus-admin","key":"password_hash"}')
  })

  test('lays further keys over the configuration, and keeps the grace longer than the drain', async () => {
    const objects = rendered({
      config: { routing: { retries: 1 } },
      shutdown: { preStopDelaySeconds: 20, timeoutSeconds: 120 },
      rbac: { pods: true, configMaps: true },
    })
    const { gateway, shutdown } = await configOf(objects)
    expect([gateway.routing?.retries, shutdown.grace]).toEqual([1, 120_000])
    expect((of(objects, 'Deployment')[0]!['spec'] as DeploymentSpec).template.spec.terminationGracePeriodSeconds).toBe(150)
    const rules = of(objects, 'Role')[0]!['rules'] as readonly { readonly resources: readonly string[] }[]
    expect(rules.flatMap(({ resources }) => resources)).toEqual(['services', 'endpointslices', 'namespaces', 'pods', 'configmaps'])
  })

  const helm = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'helm'))
    .find((path) => existsSync(path))

  test.skipIf(helm === undefined)('is one that Helm has nothing to say about (skipped where Helm is missing)', () => {
    const { status, stdout, stderr } = spawnSync(helm!, ['lint', '--strict', CHART], { encoding: 'utf8' })
    expect(status, stdout + stderr).toBe(0)
  })

  test.skipIf(helm === undefined).each(VALUES)('is the same to Helm (skipped where Helm is missing): %s', (_, values) => {
    const key = ({ kind, metadata }: Rendered): string => `${kind} ${metadata.namespace ?? ''} ${metadata.name}`
    const sorted = (objects: readonly Rendered[]): Rendered[] => objects.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
    expect(sorted(rendered(values))).toEqual(sorted(helmTemplate(helm!, CHART, release(values))))
  })
})

const kubectl = requireComponent('kubectl')

test.skipIf(kubectl === undefined)('kubectl builds the manifests and creates all of them', async () => {
  await using api = await startKubernetes()
  api.addNamespace('shop')
  const folder = mkdtempSync(join(tmpdir(), 'octopus-deployment-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const run = (...args: readonly string[]): Promise<string> => {
    const program = new Program(kubectl!, ['--server', api.url, '--cache-dir', folder, '--namespace', 'shop', ...args])
    return program.exited().then(() => program.output)
  }
  const built = await run('kustomize', MANIFESTS)
  expect(built).toContain('image: octopus-gateway:latest')
  const output = await run('create', '--validate=false', '-k', MANIFESTS)
  expect(output.trim().split('\n').sort()).toEqual([
    'configmap/octopus-gateway created',
    'deployment.apps/octopus-gateway created',
    'poddisruptionbudget.policy/octopus-gateway created',
    'role.rbac.authorization.k8s.io/octopus-gateway created',
    'rolebinding.rbac.authorization.k8s.io/octopus-gateway created',
    'service/octopus-gateway created',
    'serviceaccount/octopus-gateway created',
  ])
})

test('the service of the example is found, and said to speak FARP', async () => {
  await using api = await startKubernetes()
  for (const object of objectsIn(join(root, 'examples/discovery-kubernetes/users.yaml'))) api.put(object as KubernetesObject)
  api.put({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'users-1', labels: { 'kubernetes.io/service-name': 'users' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8081 }],
    endpoints: [{ addresses: ['10.0.0.1'] }],
  })
  const folder = mkdtempSync(join(tmpdir(), 'octopus-deployment-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'config'), kubeconfigOf(api.url, {}))
  const { gateway: options } = await loadConfig([join(root, 'examples/discovery-kubernetes/octopus.yaml')], {
    import: (specifier) => import(specifier) as Promise<unknown>,
    env: { KUBECONFIG: join(folder, 'config') },
  })
  const gateway = createGateway({ discovery: options.discovery! })
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  await gateway.synced
  expect(gateway.services).toMatchObject([{ service: 'users', host: '10.0.0.1', port: 8081, metadata: { 'farp.enabled': 'true' } }])
})

describe('the image', () => {
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8')
  let place: string
  let app: string
  beforeAll(() => {
    place = mkdtempSync(join(tmpdir(), 'octopus-image-'))
    chmodSync(place, 0o755)
    app = join(place, 'app')
    // The step of the build stage, as the Dockerfile has it.
    const [, script = ''] = /^RUN node (\S+) \/app$/m.exec(dockerfile)!
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, script), app], {
      cwd: root,
      encoding: 'utf8',
      timeout: 120_000,
    })
    if (status !== 0) throw new Error(stdout + stderr)
  }, 120_000)
  afterAll(() => rmSync(place, { recursive: true }))

  /** The user of the image where this process may become it. */
  const [, uid = '', gid = ''] = /^USER (\d+):(\d+)$/m.exec(dockerfile)!
  const user = process.getuid?.() === 0 ? { uid: Number(uid), gid: Number(gid) } : {}
  const words = (name: string): string[] => {
    const [, list = '[]'] = new RegExp(`^${name} (\\[.*\\])$`, 'm').exec(dockerfile)!
    return (JSON.parse(list) as string[]).map((word) => word.replace(/^\/app\b/, app))
  }

  test('is not root, and small: the production dependencies and nothing else', () => {
    expect(Number(uid)).toBeGreaterThan(0)
    const { stdout } = spawnSync('du', ['-sk', app], { encoding: 'utf8' })
    expect(Number.parseInt(stdout, 10)).toBeLessThan(20_000)
    for (const name of ['vitest', 'typescript', 'esbuild']) expect(existsSync(join(app, 'node_modules', name)), name).toBe(false)
  })

  test('runs the command as that user, and its health check knows whether it serves', async () => {
    const [program = '', script = ''] = words('ENTRYPOINT')
    expect(program).toBe('node')
    const options = { encoding: 'utf8', cwd: place, env: { PATH: process.env['PATH'] }, ...user } as const
    expect(spawnSync(process.execPath, [script, 'version'], options).stdout).toMatch(/^octopus \d/)
    expect(words('CMD')).toContain('/etc/octopus/config.yaml')

    mkdirSync(join(place, 'etc'))
    const port = await freePort()
    writeFileSync(
      join(place, 'etc/config.yaml'),
      `server: { http_port: ${port}, host: 127.0.0.1 }\nadmin: { enabled: false }\ndiscovery: { backend: static }\n`,
    )
    const [, health = ''] = /HEALTHCHECK [^[]*CMD \["node", "\/app\/([^"]+)"\]/.exec(dockerfile)!
    const check = (): number | null =>
      spawnSync(process.execPath, [join(app, health)], {
        ...options,
        env: { ...options.env, OCTOPUS_HEALTH_URL: `http://127.0.0.1:${port}/livez` },
      }).status
    expect(check()).toBe(1)
    await using gateway = Program.node(script, ['--config', join(place, 'etc/config.yaml')])
    await gateway.printed('gateway started')
    expect(check()).toBe(0)
  })
})
