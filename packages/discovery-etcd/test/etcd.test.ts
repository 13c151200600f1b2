import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { Etcd } from '../../../tests/support/etcd.ts'
import { etcdDiscovery, type EtcdOptions } from '@octopus-gateway/discovery-etcd'
import { watched, type Line } from '../../../tests/support/finding.ts'
import { gzipSync } from 'node:zlib'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { newAuthority, startRawServer, testCertificates, waitFor } from '@octopus-gateway/testing'
import { Relay } from '../../../tests/support/relay.ts'
import { instance, knows, portsOf, watching } from './following.ts'
import { requireComponent } from '../../../tests/support/components.ts'
import { tmpdir } from 'node:os'
import type { Gateway } from '@octopus-gateway/core'

const program = requireComponent('etcd')

const failsWith = (gateway: Gateway, pattern: RegExp): Promise<unknown> =>
  waitFor(() => expect(gateway.providers[0]?.error ?? '').toMatch(pattern))

describe.skipIf(program === undefined)('etcd', () => {
  let etcd: Etcd
  let prefix: string
  let count = 0
  beforeAll(async () => void (etcd = await Etcd.start(program!)))
  afterAll(() => etcd[Symbol.asyncDispose]())
  const fresh = (): string => (prefix = `/t${(count += 1)}/`)
  const options = (more: EtcdOptions = {}): EtcdOptions => ({ endpoints: [etcd.url], prefixes: [fresh()], ...more })

  test('an instance whose lease is taken back is gone', async () => {
    const gateway = watching(options())
    const { ID } = await etcd.ask('lease/grant', { TTL: '3600' })
    await etcd.put(`${prefix}users/a`, instance(8081), { lease: ID })
    await etcd.put(`${prefix}users/b`, instance(8082))
    await knows(gateway, 8081, 8082)
    await etcd.ask('lease/revoke', { ID })
    await knows(gateway, 8082)
  })

  test('an instance that dies without a word is gone when its lease has run out', async () => {
    const gateway = watching(options())
    const { ID } = await etcd.ask('lease/grant', { TTL: '3' })
    const beating = setInterval(() => void etcd.ask('lease/keepalive', { ID }), 200)
    onTestFinished(() => clearInterval(beating))
    await etcd.put(`${prefix}users/a`, instance(8081), { lease: ID })
    await etcd.put(`${prefix}users/b`, instance(8082))
    await knows(gateway, 8081, 8082)
    clearInterval(beating)
    await knows(gateway, 8082)
    expect(gateway.providers[0]).toMatchObject({ state: 'synced', error: null })
  })

  test('the places and shapes of every writer, under the standard prefixes', async () => {
    await etcd.put('/services/users/a', { id: 'a', name: 'users', version: 'v1', address: '127.0.0.1', port: 8001, status: 'passing' })
    await etcd.put('/forge/services/orders/instances/b/metadata', { id: 'b', service_name: 'orders', address: '127.0.0.1:8002', port: 0 })
    await etcd.put('/forge/services/orders/instances/b/manifest', { service_name: 'orders' })
    await etcd.put('/forge/services/orders/schemas/v1/openapi', 'x'.repeat(10_000))
    await etcd.put('farp/services/stock/c', gzipSync(JSON.stringify({ id: 'c', service_name: 'stock', address: '127.0.0.1', port: 8003 })))
    await etcd.put('/octopus/services/mail', {
      id: 'd',
      name: 'mail',
      address: '127.0.0.1',
      port: 8004,
      metadata: { custom: { team: 'core' } },
    })
    // The same instance in the words of another writer, and one that a hurried reader would take for it.
    await etcd.put('farp/services/users/a', { id: 'a', service_name: 'users', address: '127.0.0.1', port: 9999 })
    const gateway = watching({ endpoints: [etcd.url] })
    await gateway.synced
    expect(gateway.services.map(({ service, id, port, metadata }) => [service, id, port, metadata])).toEqual([
      ['mail', 'd', 8004, { team: 'core' }],
      ['orders', 'b', 8002, { schema_manifest: '{"service_name":"orders"}' }],
      ['stock', 'c', 8003, {}],
      ['users', 'a', 8001, {}],
    ])
    await etcd.remove('/services/users/a')
    await waitFor(() => portsOf(gateway).includes(9999))
  })

  test('of a manifest and its compressed twin the newer one counts', async () => {
    const gateway = watching(options())
    const manifest = (): string | undefined => gateway.services[0]?.metadata['schema_manifest']
    await etcd.put(`${prefix}users/instances/a/metadata`, instance(8081))
    await etcd.put(`${prefix}users/instances/a/manifest.gz`, gzipSync('"old"'))
    await waitFor(() => manifest() === '"old"')
    await etcd.put(`${prefix}users/instances/a/manifest`, '"new"')
    await waitFor(() => manifest() === '"new"')
    // The other one comes later in the order of keys.
    const second = watching({ endpoints: [etcd.url], prefixes: [prefix] })
    await second.synced
    expect(second.services[0]?.metadata['schema_manifest']).toBe('"new"')
    await etcd.remove(`${prefix}users/instances/a/manifest`)
    await waitFor(() => manifest() === '"old"')
  })

  test('a bomb, what is too large and what is no instance are left out and named', async () => {
    const lines: Line[] = []
    const given = options()
    await etcd.put(`${prefix}users/bomb`, gzipSync(Buffer.alloc(64 * 1024 * 1024)))
    await etcd.put(`${prefix}users/broken`, Buffer.of(0x1f, 0x8b, 1, 2, 3))
    await etcd.put(`${prefix}users/large`, JSON.stringify(instance(8081, { metadata: { a: 'x'.repeat(1024 * 1024) } })))
    await etcd.put(`${prefix}users/other`, 'hello')
    await etcd.put(`${prefix}users/good`, instance(8082))
    const gateway = watching(given, lines)
    await gateway.synced
    expect(portsOf(gateway)).toEqual([8082])
    const named = lines
      .filter(({ message }) => message.includes('is no instance'))
      .map(({ fields }) => fields as { key: string; reason: string })
    expect(named.map(({ key, reason }) => [key.slice(prefix.length), reason])).toEqual([
      ['users/bomb', 'it is larger than 1048576 bytes'],
      ['users/broken', 'it cannot be decompressed'],
      ['users/large', 'it is larger than 1048576 bytes'],
      ['users/other', 'it is no JSON object with an address'],
    ])
  })

  test('what was compacted away while the connection was cut is read anew', async () => {
    await using relay = await Relay.to(etcd.port)
    const gateway = watching(options({ endpoints: [`http://127.0.0.1:${relay.port}`] }))
    await etcd.put(`${prefix}users/a`, instance(8081))
    await etcd.put(`${prefix}users/b`, instance(8082))
    await knows(gateway, 8081, 8082)
    await relay.shut()
    await failsWith(gateway, /cannot be reached \(ECONNREFUSED\): nobody listens there; check endpoints/)
    await etcd.remove(`${prefix}users/a`)
    await etcd.put(`${prefix}users/c`, instance(8083))
    await etcd.ask('kv/compaction', { revision: await etcd.revision(), physical: true })
    expect(portsOf(gateway)).toEqual([8081, 8082])
    await relay.open()
    await knows(gateway, 8082, 8083)
  })

  test('a stream that is cut is taken up again at once, without a failure', async () => {
    await using relay = await Relay.to(etcd.port)
    const gateway = watching(options({ endpoints: [`http://127.0.0.1:${relay.port}`] }))
    await gateway.synced
    await etcd.put(`${prefix}users/a`, instance(8081))
    await knows(gateway, 8081)
    relay.cut()
    await etcd.put(`${prefix}users/b`, instance(8082))
    await knows(gateway, 8081, 8082)
    expect(gateway.providers[0]).toMatchObject({ state: 'synced', error: null })
  })

  test('etcd itself may be killed and come back with other contents', async () => {
    await using other = await Etcd.start(program!)
    const gateway = watching({ endpoints: [other.url] })
    await other.put('/services/users/a', instance(8081))
    await knows(gateway, 8081)
    await other.stop()
    await failsWith(gateway, /ECONNREFUSED/)
    expect(portsOf(gateway)).toEqual([8081])
    await other.start()
    await other.put('/services/users/a', instance(8082))
    await knows(gateway, 8082)
    await waitFor(() => gateway.providers[0]?.state === 'synced')
  })

  test('keys of the store, with the revision of their last change', async () => {
    const { keyValues } = etcdDiscovery(options())
    const { signal } = new AbortController()
    expect(await keyValues!.get(`${prefix}farp/schemas/x`, signal)).toBeUndefined()
    await etcd.put(`${prefix}farp/schemas/x`, Buffer.of(0, 255, 1))
    const first = await keyValues!.get(`${prefix}farp/schemas/x`, signal)
    expect([...first!.value]).toEqual([0, 255, 1])
    await etcd.put(`${prefix}farp/schemas/x`, 'two')
    expect((await keyValues!.get(`${prefix}farp/schemas/x`, signal))!.revision).toBeGreaterThan(first!.revision)
    await expect(keyValues!.get('x', AbortSignal.abort())).rejects.toThrow()
  })

  test('something that is not etcd is a reason that says so', async () => {
    await using server = await startRawServer((socket) => {
      socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 9\r\n\r\nNot Found')
    })
    await failsWith(
      watching(options({ endpoints: [`http://127.0.0.1:${server.port}`] })),
      /answered 404 \("Not Found"\): is this etcd 3\.4 or newer\?/,
    )
  })
})

describe.skipIf(program === undefined)('three members', () => {
  test('the next one is asked when one is killed, and one that has lost the others is not believed', async () => {
    const members = await Etcd.startThree(program!)
    onTestFinished(async () => void (await Promise.all(members.map((member) => member[Symbol.asyncDispose]()))))
    const roles = await waitFor(async () => {
      const found = await Promise.all(members.map((member) => member.role()))
      return found.includes('leader') && !found.includes('none') && found
    })
    const leader = members[roles.indexOf('leader')]!
    const [one, two] = members.filter((member) => member !== leader) as [Etcd, Etcd]
    const gateway = watching({ endpoints: [one.url, two.url, leader.url] })
    await one.put('/services/users/a', instance(8081))
    await knows(gateway, 8081)
    await one.stop()
    await leader.put('/services/users/b', instance(8082))
    await knows(gateway, 8081, 8082)
    expect(gateway.providers[0]).toMatchObject({ state: 'synced', error: null })
    await leader.stop()
    // What is left is alive, and may miss every change from now on.
    await waitFor(() => expect(gateway.providers[0]?.state).toBe('failing'))
    expect(portsOf(gateway)).toEqual([8081, 8082])
    await one.start()
    await waitFor(async () => (await two.role()) !== 'none', { timeout: 10_000 })
    await two.put('/services/users/c', instance(8083))
    await waitFor(() => expect(portsOf(gateway)).toEqual([8081, 8082, 8083]))
  }, 40_000)
})

describe.skipIf(program === undefined)('users', () => {
  let etcd: Etcd
  let root: string
  beforeAll(async () => {
    etcd = await Etcd.start(program!)
    await etcd.put('/services/users/a', instance(8081))
    for (const [path, body] of [
      ['auth/user/add', { name: 'reader', password: 'for-reader' }],
      ['auth/role/add', { name: 'reads' }],
      ['auth/role/grant', { name: 'reads', perm: { permType: 'READ', ...range('/services/') } }],
      ['auth/user/grant', { user: 'reader', role: 'reads' }],
    ] as const)
      await etcd.ask(path, body)
    await etcd.demandUsers()
    root = await tokenOf('root')
  })
  afterAll(() => etcd[Symbol.asyncDispose]())

  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  const range = (prefix: string): object => ({ key: base64(prefix), range_end: base64(prefix.replace(/.$/, '0')) })
  const tokenOf = async (name: string): Promise<string> =>
    String((await etcd.ask('auth/authenticate', { name, password: `for-${name}` }))['token'])

  test('a role that may read the prefix is enough, and a token that is forgotten is replaced', async () => {
    await using relay = await Relay.to(etcd.port)
    const provider = etcdDiscovery({
      endpoints: [`http://127.0.0.1:${relay.port}`],
      prefixes: ['/services/'],
      username: 'reader',
      password: 'for-reader',
    })
    const gateway = watched(provider)
    await knows(gateway, 8081)
    const { signal } = new AbortController()
    const read = async (): Promise<unknown> => (await provider.keyValues!.get('/services/users/a', signal))?.revision
    expect(await read()).toBeGreaterThan(0)
    root = await tokenOf('root')
    await etcd.ask('auth/user/add', { name: 'another', password: 'x' }, root)
    expect(await read()).toBeGreaterThan(0)
    // A password that is written, also the same one, makes etcd forget the tokens of its user.
    await etcd.ask('auth/user/changepw', { name: 'reader', password: 'for-reader' }, root)
    expect(await read()).toBeGreaterThan(0)
    relay.cut()
    await etcd.stop()
    await etcd.start()
    expect(await read()).toBeGreaterThan(0)
    root = await tokenOf('root')
    await etcd.ask('kv/put', { key: base64('/services/users/b'), value: base64(JSON.stringify(instance(8082))) }, root)
    await knows(gateway, 8081, 8082)
    expect(gateway.providers[0]).toMatchObject({ state: 'synced', error: null })
  })

  test('what is not allowed says what to do', async () => {
    const endpoints = [etcd.url]
    await failsWith(watching({ endpoints }), /demands credentials \("etcdserver: user name is empty"\): give username and password/)
    await failsWith(
      watching({ endpoints, username: 'reader', password: 'for-reader' }),
      /does not let the user read keys below \/forge\/services\/ \(permission denied\): grant one of its roles/,
    )
    await failsWith(watching({ endpoints, username: 'reader', password: 'no' }), /refuses the credentials .*: check username and password/)
  })
})

describe.skipIf(program === undefined)('TLS', () => {
  test('the authority and a certificate of the gateway, from files and as texts', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'octopus-etcd-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const { ca, client: named, issue } = testCertificates()
    const client = issue({ names: ['gateway.test'], usage: 'client' })
    await using etcd = await Etcd.startSecure(program!, { ca, ...issue({ names: ['127.0.0.1'] }) })
    const caFile = join(folder, 'ca')
    await writeFile(caFile, ca)
    await writeFile(join(folder, 'key'), client.key)
    const endpoints = [etcd.url]
    const shown = { cert: client.cert, key: join(folder, 'key') }
    const user = { username: 'root', password: 'for-root' }
    const gateway = watching({ endpoints, ...user, tls: { ca: caFile, ...shown } })
    await waitFor(() => expect(gateway.providers[0]).toMatchObject({ state: 'synced', error: null }))
    const { keyValues } = etcdDiscovery({ endpoints, ...user, tls: { ca, ...shown } })
    expect(await keyValues!.get('x', new AbortController().signal)).toBeUndefined()
    const stranger = newAuthority().ca
    for (const [options, reason] of [
      [{ ca: stranger, ...shown }, /certificate is not trusted; give the certificate that signed it in tls\.ca/],
      [{ ca, ...shown, serverName: 'elsewhere.test' }, /certificate is for another name; set tls\.server_name/],
      [{ ca, ...named }, /takes no user from certificates here .*: give one without a common name in tls\.cert/],
      [{ ca }, /wants to see a certificate.*; give tls\.cert and tls\.key/],
      [{ ca: join(folder, 'none') }, /The file of tls\.ca cannot be read \(ENOENT\)/],
    ] as const)
      await failsWith(watching({ endpoints, ...user, tls: options }), reason)
    await failsWith(watching({ endpoints: [etcd.url.replace('https', 'http')] }), /where etcd speaks TLS, write https:\/\//)
  })

  test.each([
    [{ endpoints: ['http://user:secret@127.0.0.1:1'] }, /leave out user name, password and query: username and password have options/],
    [{ endpoints: ['127.0.0.1:2379'] }, /write an address such as http:/],
    [{ endpoints: ['http://127.0.0.1:2379/v3'] }, /scheme, host and port and nothing else/],
    [{ endpoints: [] }, /at least one endpoint/],
    [{ username: 'a' }, /username and password belong together/],
    [{ tls: {} }, /not all endpoints begin with https/],
  ])('an option that is wrong is a reason that names it: %j', async (options, reason) => {
    const gateway = watching(options)
    await failsWith(gateway, reason)
    expect(gateway.providers[0]!.error).not.toContain('secret')
  })
})
