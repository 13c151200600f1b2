import { expect, onTestFinished } from 'vitest'
import { behaviour } from './behaviour.ts'
import { expectRefused, namesAt, problemWith, startTwo, TO_USERS } from './finding.ts'
import { refused, running, type Running } from './running.ts'
import { startConsul, testCertificates, waitFor, type Consul } from '@octopus-gateway/testing'

const [one, two] = await startTwo()

async function consulWith(options: Parameters<typeof startConsul>[0] = {}): Promise<Consul> {
  const consul = await startConsul(options)
  onTestFinished(() => consul[Symbol.asyncDispose]())
  consul.register({ Name: 'users', ID: 'one', Address: '127.0.0.1', Port: one.port, Tags: ['blue'], Meta: { team: 'core' } })
  return consul
}

const yamlOf = (keys: string): string => `discovery: { backend: consul, consul: { ${keys} } }\n${TO_USERS}`

const finding = (consul: Consul, keys = '', files: Readonly<Record<string, string>> = {}): Promise<Running> =>
  running(yamlOf(`address: "${consul.address}"${keys === '' ? '' : `, ${keys}`}`), { files })

/** Why nothing is found. */
const problem = (consul: Consul, keys: string, files: Readonly<Record<string, string>> = {}): Promise<string> =>
  problemWith(yamlOf(`address: "${consul.address}", ${keys}`), { files })

behaviour('discovery.consul.address', 'is the agent whose services are found, and found anew when they change', async () => {
  const consul = await consulWith()
  await using gateway = await finding(consul)
  expect(await namesAt(gateway)).toEqual(['one'])
  consul.register({ Name: 'users', ID: 'two', Address: '127.0.0.1', Port: two.port })
  await waitFor(async () => expect(await namesAt(gateway)).toEqual(['one', 'two']))
  await expectRefused(yamlOf, [
    ['address: "http://127.0.0.1:8500"', /discovery\.consul\.address: must be host and port .*leave out scheme and path/],
  ])
})

behaviour('discovery.consul.scheme', 'says whether the agent speaks TLS', async () => {
  expect(await problem(await consulWith(), 'scheme: https')).toMatch(/^Consul at https:\/\/127\.0\.0\.1:\d+ cannot be reached/)
  const { ca, server } = testCertificates()
  await using gateway = await finding(await consulWith({ tls: server }), 'tls: { ca: ca.pem }', { 'ca.pem': ca })
  expect(await namesAt(gateway)).toEqual(['one'])
})

behaviour('discovery.consul.token', 'goes with every question and is never shown', async () => {
  const consul = await consulWith({ tokens: ['s3cret-t0ken'] })
  await using gateway = await finding(consul, 'token: s3cret-t0ken')
  expect(await namesAt(gateway)).toEqual(['one'])
  expect(gateway.cli.out).not.toContain('s3cret-t0ken')
  expect(await problem(consul, 'token: hunter2')).toMatch(/answered 403 .*the token was refused/)
  await expectRefused(yamlOf, [['token: " hunter2"', /token: must be an access token; blanks around it/]])
})

behaviour('discovery.consul.datacenter', 'is asked for its services', async () => {
  const consul = await consulWith({ datacenter: 'north' })
  await using gateway = await finding(consul, 'datacenter: north')
  expect(await namesAt(gateway)).toEqual(['one'])
  expect(consul.requests.every(({ url }) => url.includes('dc=north'))).toBe(true)
  expect(await problem(consul, 'datacenter: south')).toMatch(/No path to datacenter.*check datacenter/)
})

behaviour('discovery.consul.namespace', 'is asked for its services', async () => {
  const consul = await consulWith({ namespaces: true })
  consul.register({ Name: 'users', ID: 'two', Address: '127.0.0.1', Port: two.port, Namespace: 'team' })
  await using gateway = await finding(consul, 'namespace: team')
  expect(await namesAt(gateway)).toEqual(['two'])
})

behaviour('discovery.consul.tags[]', 'are those that an instance must have', async () => {
  const consul = await consulWith()
  consul.register({ Name: 'users', ID: 'two', Address: '127.0.0.1', Port: two.port, Tags: ['blue', 'new'] })
  await using gateway = await finding(consul, 'tags: [blue, new]')
  expect(await namesAt(gateway)).toEqual(['two'])
  await using all = await finding(consul)
  expect(await namesAt(all)).toEqual(['one', 'two'])
})

behaviour('discovery.consul.filter', 'chooses instances', async () => {
  const consul = await consulWith()
  consul.register({ Name: 'users', ID: 'two', Address: '127.0.0.1', Port: two.port, Meta: { team: 'shop' } })
  await using gateway = await finding(consul, 'filter: \'Service.Meta.team == "shop"\'')
  expect(await namesAt(gateway)).toEqual(['two'])
})

behaviour('discovery.consul.passing_only', 'leaves out what does not pass its checks; otherwise checks do not matter', async () => {
  const consul = await consulWith()
  consul.register({ Name: 'users', ID: 'two', Address: '127.0.0.1', Port: two.port, Check: { TTL: '1h', Status: 'critical' } })
  await using strict = await finding(consul, 'passing_only: true')
  expect(await namesAt(strict)).toEqual(['one'])
  await using lenient = await finding(consul)
  expect(await namesAt(lenient)).toEqual(['one', 'two'])
  consul.agent.report('service:two', 'passing', '')
  await waitFor(async () => expect(await namesAt(strict)).toEqual(['one', 'two']))
})

behaviour('discovery.consul.consistency', 'is said with every question', async () => {
  const asked = async (keys: string): Promise<(string | undefined)[]> => {
    const consul = await consulWith()
    await using gateway = await finding(consul, keys)
    expect(await namesAt(gateway)).toEqual(['one'])
    return [...new Set(consul.requests.map(({ url }) => /[?&](stale|consistent)\b/.exec(url)?.[1]))]
  }
  expect([await asked(''), await asked('consistency: stale'), await asked('consistency: consistent')]).toEqual([
    [undefined],
    ['stale'],
    ['consistent'],
  ])
})

behaviour('discovery.consul.tls.ca', 'is who is trusted to sign the certificate of the agent', async () => {
  const { ca, server } = testCertificates()
  const consul = await consulWith({ tls: server })
  const inline = JSON.stringify(ca)
  await using gateway = await finding(consul, `tls: { ca: ${inline} }`)
  expect(await namesAt(gateway)).toEqual(['one'])
  expect(await problem(consul, 'scheme: https')).toMatch(/not trusted; give the certificate that signed it in tls\.ca/)
  expect((await refused(yamlOf('tls: { ca: nowhere.pem }'))).err).toMatch(
    /discovery\.consul\.tls\.ca: the file .*nowhere\.pem does not exist/,
  )
})

const mutual = async (): Promise<readonly [Consul, Readonly<Record<string, string>>]> => {
  const { ca, server, client } = testCertificates()
  return [
    await consulWith({ tls: { ...server, ca } }),
    { 'ca.pem': ca, 'cert.pem': client.cert, 'key.pem': client.key, 'other.pem': server.key },
  ]
}

behaviour('discovery.consul.tls.cert', 'is shown to the agent', async () => {
  const [consul, files] = await mutual()
  await using gateway = await finding(consul, 'tls: { ca: ca.pem, cert: cert.pem, key: key.pem }', files)
  expect(await namesAt(gateway)).toEqual(['one'])
  expect(await problem(consul, 'tls: { ca: ca.pem }', files)).toMatch(/cannot be reached/)
})

behaviour('discovery.consul.tls.key', 'belongs to the certificate', async () => {
  const [, files] = await mutual()
  const { err } = await refused(yamlOf('tls: { cert: cert.pem, key: other.pem }'), { files })
  expect(err).toMatch(/discovery\.consul\.tls\.key: does not belong to the certificate/)
})

behaviour('discovery.consul.tls.server_name', 'is the name that is expected in the certificate', async () => {
  const { ca, issue } = testCertificates()
  const consul = await consulWith({ tls: issue({ names: ['server.dc1.consul'] }) })
  await using gateway = await finding(consul, 'tls: { ca: ca.pem, server_name: server.dc1.consul }', { 'ca.pem': ca })
  expect(await namesAt(gateway)).toEqual(['one'])
  expect(await problem(consul, 'tls: { ca: ca.pem }', { 'ca.pem': ca })).toMatch(/for another name; set tls\.server_name/)
})

behaviour('discovery.consul.tls.verify', 'can be done without', async () => {
  const consul = await consulWith({ tls: testCertificates().server })
  await using gateway = await finding(consul, 'tls: { verify: false }')
  expect(await namesAt(gateway)).toEqual(['one'])
})
