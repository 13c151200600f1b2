import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { behaviour } from './behaviour.ts'
import { closedPort, newAuthority, startService, testCertificates, waitFor, type Service } from '@octopus-gateway/testing'
import { Etcd } from '../../../../tests/support/etcd.ts'
import { expectRefused, problemWith, TO_USERS } from './finding.ts'
import { running, type RunOptions, type Running } from './running.ts'
import { requireComponent } from '../../../../tests/support/components.ts'

const program = requireComponent('etcd')

const blockOf = (block: string): string => `discovery: { backend: etcd, etcd: ${block} }\n`

/** A gateway whose services are those of etcd, with these keys of its block. */
const finding = (keys: string, options: RunOptions = {}): Promise<Running> =>
  running(`discovery: { backend: etcd, etcd: { ${keys} } }\n${TO_USERS}`, options)

describe.skipIf(program === undefined)('discovery.etcd', () => {
  let service: Service
  let etcd: Etcd
  beforeAll(async () => {
    service = await startService({ name: 'one' })
    etcd = await Etcd.start(program!)
  })
  afterAll(async () => {
    for (const one of [service, etcd]) await one[Symbol.asyncDispose]()
  })
  const users = (): object => ({ name: 'users', address: '127.0.0.1', port: service.port })

  behaviour('discovery.etcd.endpoints[]', 'are asked one after the other', async () => {
    await etcd.put('/services/users/a', users())
    await using gateway = await finding(`endpoints: ["http://127.0.0.1:${await closedPort()}", "${etcd.url}"]`)
    expect(await gateway.json('/')).toMatchObject({ name: 'one' })
    await etcd.remove('/services/users/a')
    await waitFor(async () => (await gateway.status('/')) === 503)
  })

  behaviour('discovery.etcd.prefixes[]', 'are where services are looked for', async () => {
    await etcd.put('/elsewhere/users/a', users())
    await using gateway = await finding(`endpoints: ["${etcd.url}"], prefixes: [/elsewhere/]`)
    expect(await gateway.json('/')).toMatchObject({ name: 'one' })
    await using standard = await finding(`endpoints: ["${etcd.url}"]`)
    expect(await standard.status('/')).toBe(503)
  })
})

describe.skipIf(program === undefined)('discovery.etcd with users and TLS', () => {
  const { ca, issue } = testCertificates()
  // With users, etcd's JSON gateway refuses certificates with a common name.
  const client = issue({ names: ['gateway.test'], usage: 'client' })
  const server = issue({ names: ['etcd.test'] })
  const files = { 'ca.pem': ca, 'cert.pem': client.cert, 'key.pem': client.key, 'other.pem': newAuthority().ca }
  let etcd: Etcd
  beforeAll(async () => void (etcd = await Etcd.startSecure(program!, { ca, ...server })))
  afterAll(() => etcd[Symbol.asyncDispose]())

  const TLS = { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem', server_name: 'etcd.test' }
  const yamlOf = (tls: Readonly<Record<string, unknown>>, more: string): string =>
    `discovery: { backend: etcd, etcd: { endpoints: ["${etcd.url}"], tls: ${JSON.stringify(tls)}${more} } }\n${TO_USERS}`
  /** Why the gateway learns nothing, with these keys of `tls` and beside it. */
  const reason = (tls: Readonly<Record<string, unknown>>, more: string): Promise<string> => problemWith(yamlOf(tls, more), { files })
  /** That it learns everything. */
  async function works(tls: Readonly<Record<string, unknown>>): Promise<void> {
    await using gateway = await running(yamlOf(tls, READER), { files })
    expect(gateway.lines.some(({ message }) => String(message).startsWith('discovery provider failed'))).toBe(false)
  }
  const READER = ', username: root, password: for-root'

  behaviour('discovery.etcd.username', 'is asked for', async () => {
    expect(await reason(TLS, '')).toMatch(/demands credentials/)
    await works(TLS)
  })

  behaviour('discovery.etcd.password', 'must be right, and is never shown', async () => {
    const refusal = await reason(TLS, ', username: root, password: hunter2')
    expect(refusal).toMatch(/check username and password/)
    expect(refusal).not.toContain('hunter2')
  })

  behaviour('discovery.etcd.tls.ca', 'is what is trusted', async () => {
    expect(await reason({ ...TLS, ca: 'other.pem' }, READER)).toMatch(/not trusted; give the certificate that signed it in tls\.ca/)
    await works({ ...TLS, ca })
  })

  behaviour('discovery.etcd.tls.cert', 'is shown', async () => {
    expect(await reason({ ca: 'ca.pem', server_name: 'etcd.test' }, READER)).toMatch(/give tls\.cert and tls\.key/)
  })

  behaviour('discovery.etcd.tls.key', 'may be a text, and must belong to the certificate', async () => {
    await works({ ...TLS, key: client.key })
    const block = { endpoints: ['https://a.test'], tls: { ...TLS, cert: client.cert, key: server.key, ca } }
    await expectRefused(blockOf, [[JSON.stringify(block), /discovery\.etcd\.tls\.key: does not belong to the certificate/]])
  })

  behaviour('discovery.etcd.tls.server_name', 'is expected in the certificate', async () => {
    expect(await reason({ ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem' }, READER)).toMatch(/for another name; set tls\.server_name/)
  })

  behaviour('discovery.etcd.tls.verify', 'false trusts everybody', async () => {
    await works({ cert: 'cert.pem', key: 'key.pem', verify: false })
  })
})

test('what does not fit together is refused, and passwords are not repeated', async () => {
  await expectRefused(blockOf, [
    ['{ username: a }', /discovery\.etcd\.password: is missing; username and password belong together/],
    ['{ endpoints: ["http://u:hunter2@a.test:2379"] }', /endpoints\[0\]: must not hold a user name or a password/],
    ['{ endpoints: ["http://a.test:2379/v3"] }', /endpoints\[0\]: must be scheme, host and port and nothing else/],
    ['{ endpoints: [a.test] }', /endpoints\[0\]: must be an address such as/],
    ['{ endpoints: ["http://a.test:2379"], tls: {} }', /endpoints\[0\]: is spoken to without TLS/],
  ])
})
