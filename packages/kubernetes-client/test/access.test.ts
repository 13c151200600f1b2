import { opened, SERVICES } from './cluster.ts'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { join } from 'node:path'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { newAuthority, startKubernetes, testCertificates, type KubernetesApi, type KubernetesOptions } from '@octopus-gateway/testing'
import { tmpdir } from 'node:os'
import { writeKubeconfig } from '../../../tests/support/registries/kubernetes.ts'
import type { AccessOptions, KubernetesClient } from '@octopus-gateway/kubernetes-client'

async function apiOf(options: KubernetesOptions): Promise<KubernetesApi> {
  const api = await startKubernetes({ tls: testCertificates().server, ...options })
  onTestFinished(() => api[Symbol.asyncDispose]())
  return api
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'octopus-kubernetes-'))
  onTestFinished(() => rm(path, { recursive: true }))
  return path
}

/** Reads a list, to see whether the server lets it. */
const ask = (client: KubernetesClient): Promise<unknown> => client.get({ path: SERVICES }, new AbortController().signal)

/** Why a cluster cannot be asked with this. */
const reasonOf = (access: AccessOptions): Promise<string> =>
  opened(access)
    .then(ask)
    .then(
      () => 'no reason',
      (thrown: Error) => thrown.message,
    )

const base64 = (text: string): string => Buffer.from(text).toString('base64')

describe('in a cluster', () => {
  async function serviceAccount(token: string, files: Readonly<Record<string, string>> = {}): Promise<string> {
    const path = await folder()
    for (const [name, text] of Object.entries({ token, 'ca.crt': testCertificates().ca, namespace: 'default\n', ...files }))
      await writeFile(join(path, name), text)
    return path
  }

  function pod(api: KubernetesApi): void {
    vi.stubEnv('KUBERNETES_SERVICE_HOST', '127.0.0.1')
    vi.stubEnv('KUBERNETES_SERVICE_PORT', String(api.port))
    onTestFinished(() => void vi.unstubAllEnvs())
  }

  test('the service account of the pod is enough, and a token that is renewed is used from then on', async () => {
    const tokens: Record<string, string> = { first: 'tester' }
    const api = await apiOf({ tokens })
    pod(api)
    const account = await serviceAccount('first\n')
    const client = await opened({ serviceAccount: account })
    expect([await ask(client), client.namespace]).toMatchObject([{ kind: 'ServiceList' }, 'default'])
    await writeFile(join(account, 'token'), 'second\n')
    delete tokens['first']
    tokens['second'] = 'tester'
    expect(await ask(client)).toMatchObject({ kind: 'ServiceList' })
    // Nobody finds out by being refused with the old one.
    expect(api.requests.map(({ status }) => status)).toEqual([200, 200])
  })

  test('its authority is the only one that is believed', async () => {
    pod(await apiOf({}))
    const account = await serviceAccount('first', { 'ca.crt': newAuthority().ca })
    expect(await reasonOf({ serviceAccount: account })).toMatch(
      /cannot be reached \([A-Z_]+\): its certificate is not trusted; check certificate-authority/,
    )
  })

  test('where there is no pod or no token, the reason says what to do', async () => {
    vi.stubEnv('KUBERNETES_SERVICE_HOST', '')
    onTestFinished(() => void vi.unstubAllEnvs())
    expect(await reasonOf({})).toMatch(/no pod of a Kubernetes cluster .*; name a kubeconfig file/)
    pod(await apiOf({}))
    expect(await reasonOf({ serviceAccount: await folder() })).toMatch(/token cannot be read \(ENOENT\); check the service account/)
  })
})

describe('a kubeconfig', () => {
  async function config(
    api: KubernetesApi,
    user: object,
    more: { readonly cluster?: object; readonly context?: object } = {},
  ): Promise<string> {
    const cluster = { 'certificate-authority-data': base64(testCertificates().ca), ...more.cluster }
    const file = await writeKubeconfig(api.url, user, { ...more, cluster })
    onTestFinished(() => file[Symbol.asyncDispose]())
    return file.path
  }

  test('with a client certificate, from the file or beside it', async () => {
    const { ca, client } = testCertificates()
    const api = await apiOf({ tls: { ...testCertificates().server, clientCa: ca } })
    const inside = await config(api, { 'client-certificate-data': base64(client.cert), 'client-key-data': base64(client.key) })
    await ask(await opened({ kubeconfig: inside }))
    const beside = await config(api, { 'client-certificate': 'client.pem', 'client-key': 'client-key.pem' })
    await writeFile(join(beside, '..', 'client.pem'), client.cert)
    await writeFile(join(beside, '..', 'client-key.pem'), client.key)
    await ask(await opened({ kubeconfig: beside }))
    expect(await reasonOf({ kubeconfig: await config(api, {}) })).toMatch(
      /does not accept the credentials \(401 Unauthorized\); check the user "tester" of /,
    )
  })

  test('with a token in a file that is read again, and the namespace of its context', async () => {
    const api = await apiOf({ tokens: { t1: 'tester' } })
    const kubeconfig = await config(api, { tokenFile: 'token' }, { context: { namespace: 'shop' } })
    await writeFile(join(kubeconfig, '..', 'token'), 't1\n')
    const client = await opened({ kubeconfig })
    expect([await ask(client), client.namespace]).toMatchObject([{ kind: 'ServiceList' }, 'shop'])
    await writeFile(join(kubeconfig, '..', 'token'), 't2\n')
    await expect(ask(client)).rejects.toThrow(/401/)
  })

  test('certificates are checked: unknown authorities, other names, and only without a check when the file says so', async () => {
    const { server, ca, issue } = testCertificates()
    const api = await apiOf({ tls: server })
    const foreign = { 'certificate-authority-data': base64(newAuthority().ca) }
    expect(await reasonOf({ kubeconfig: await config(api, {}, { cluster: foreign }) })).toMatch(/cannot be reached \([A-Z_]+\)/)
    const other = await apiOf({ tls: issue({ names: ['kubernetes.test'] }) })
    expect(await reasonOf({ kubeconfig: await config(other, {}) })).toMatch(/certificate is for another name; .*tls-server-name/)
    await ask(await opened({ kubeconfig: await config(other, {}, { cluster: { 'tls-server-name': 'kubernetes.test' } }) }))
    const unchecked = { 'certificate-authority-data': undefined, 'insecure-skip-tls-verify': true }
    await ask(await opened({ kubeconfig: await config(api, {}, { cluster: unchecked }) }))
    expect(ca).toContain('BEGIN CERTIFICATE')
  })

  test.each<[string, object, { readonly cluster?: object; readonly context?: object }, RegExp]>([
    [
      'programs',
      { exec: { command: 'aws', args: ['secret'] } },
      {},
      /the user "tester" gets its credentials from a program \(exec\), and the gateway runs none; use a token/,
    ],
    ['auth providers', { 'auth-provider': { name: 'gcp' } }, {}, /has an auth-provider/],
    ['passwords', { username: 'x', password: 'secret' }, {}, /has a password/],
    ['other users', { as: 'admin', token: 'secret' }, {}, /acts as another user/],
    ['proxies', {}, { cluster: { 'proxy-url': 'http://secret@proxy' } }, /proxy-url is not supported/],
    [
      'tokens in the clear',
      { token: 'secret' },
      { cluster: { server: 'http://kubernetes.test:8080' } },
      /a token is not sent in the clear/,
    ],
    ['other schemes', {}, { cluster: { server: 'ftp://kubernetes.test' } }, /must be an https URL/],
    ['no server', {}, { cluster: { server: 'secret' } }, /the server of the cluster "test" is not a URL/],
    ['a context without a user', {}, { context: { user: 'nobody' } }, /names a cluster or a user that is not there/],
    ['files that are missing', { 'client-certificate': 'nowhere.pem' }, {}, /nowhere\.pem cannot be read \(ENOENT\); .*names it/],
  ])('refuses %s by name', async (_, user, more, expected) => {
    const reason = await reasonOf({ kubeconfig: await config(await apiOf({}), user, more) })
    expect(reason).toMatch(expected)
    expect(reason).not.toContain('secret')
  })

  test.each([
    ['users: [{ token: "secret" ', /this is not YAML \([A-Z_]+\)/],
    ['apiVersion: v1\n', /this is no kubeconfig; current-context is missing/],
    ['{ current-context: a, contexts: [], clusters: [], users: [] }', /there is no context "a"/],
  ])('that is none: %s', async (text, expected) => {
    const path = join(await folder(), 'config')
    await writeFile(path, text)
    const reason = await reasonOf({ kubeconfig: path })
    expect(reason).toMatch(expected)
    expect(reason).not.toContain('secret')
  })
})
