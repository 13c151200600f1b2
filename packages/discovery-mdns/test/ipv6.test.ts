import { Announcer, freshType } from '../../../tests/support/zeroconf.ts'
import { avahiOn, canRunAvahi } from '../../../tests/support/avahi.ts'
import { createGateway } from '@octopus-gateway/core'
import { createServer } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { gatewayWith, idsOf, type Line } from '../../../tests/support/finding.ts'
import { inOwnNetwork } from '../../../tests/support/own-network.ts'
import { mdnsDiscovery } from '@octopus-gateway/discovery-mdns'
import { once } from 'node:events'
import { requireComponent, requirePythonModule } from '../../../tests/support/components.ts'
import { waitFor } from '@octopus-gateway/testing'
import type { AddressInfo } from 'node:net'

const python = requirePythonModule('zeroconf')
const avahi = requireComponent('avahi-daemon')

inOwnNetwork(import.meta.url, () => {
  describe.skipIf(python === undefined)('python-zeroconf', () => {
    test('an instance that is announced over IPv6 alone gets requests, follows changes, and goes with its goodbye', async () => {
      const server = createServer((_request, response) => response.end('here'))
      onTestFinished(() => void server.close())
      await once(server.listen(0, 'fd07:1::1'), 'listening')
      const { port } = server.address() as AddressInfo
      await using announcer = await Announcer.start(python!, 'one')
      const type = freshType()
      const users = { type, label: 'users-1', port, addresses: ['fd07:1::1'] }
      await announcer.put({ ...users, txt: ['name=users', 'id=u1'] })
      await using gateway = createGateway({
        discovery: [mdnsDiscovery({ serviceTypes: [type], interval: '1s', browseTime: '300ms', allowedServices: ['users'] })],
        upstreams: { users: { endpoints: { discover: 'users' } } },
        routes: [{ path: '/users/*', upstream: 'users' }],
      })
      await gateway.ready
      await waitFor(() => idsOf(gateway).length > 0)
      expect(gateway.services).toMatchObject([{ id: 'u1', service: 'users', host: 'fd07:1::1', port }])
      expect(await (await gateway.fetch(new Request('http://gateway/users/1'))).text()).toBe('here')
      await announcer.put({ ...users, txt: ['name=users', 'id=u1', 'version=v2'] })
      await waitFor(() => gateway.services[0]?.version === 'v2')
      await announcer.remove(users)
      await waitFor(() => gateway.services.length === 0)
    })

    test('an instance with a link-local address alone is not used, and said to be there; with another address it is', async () => {
      await using announcer = await Announcer.start(python!, 'one')
      const type = freshType()
      const users = { type, label: 'users-1', port: 80, txt: ['name=users'] }
      await announcer.put({ ...users, addresses: ['fe80::7'] })
      const lines: Line[] = []
      await using gateway = gatewayWith(mdnsDiscovery({ serviceTypes: [type], interval: '1s', browseTime: '300ms' }), lines)
      const told = (): Line[] => lines.filter(({ message }) => message.includes('link-local'))
      await waitFor(() => told().length > 0)
      expect(told()).toMatchObject([{ level: 'warn', fields: { provider: 'mdns', instance: 'users-1' } }])
      expect(gateway.services).toEqual([])
      await announcer.put({ ...users, label: 'users-2', addresses: ['fd07:1::8'] })
      await waitFor(() => expect(idsOf(gateway)).toEqual(['users-2']))
      await announcer.put({ ...users, addresses: ['fe80::7', 'fd07:1::7'] })
      await waitFor(() => expect(gateway.services.map(({ host }) => host)).toEqual(['fd07:1::7', 'fd07:1::8']))
      expect(told()).toHaveLength(1)
    })
  })

  test.skipIf(avahi === undefined || !canRunAvahi())(
    'services that Avahi announces over IPv6 are found, follow its changes, and go with its goodbye',
    async () => {
      const type = freshType()
      const daemon = avahiOn('one', 'IPv6', avahi!)
      daemon.announce(type, 8081, 'name=users', 'version=v1')
      await daemon.start()
      await using gateway = gatewayWith(mdnsDiscovery({ serviceTypes: [type], interface: 'one', interval: '1s', browseTime: '300ms' }))
      await waitFor(() => gateway.services.length > 0)
      expect(gateway.services).toMatchObject([
        { id: 'users-1.2 (here)', service: 'users', host: 'fd07:1::1', port: 8081, version: 'v1', metadata: { 'mdns.service_type': type } },
      ])
      daemon.announce(type, 8082, 'name=users', 'version=v2')
      await waitFor(() => gateway.services[0]?.port === 8082 && gateway.services[0].version === 'v2')
      daemon.withdraw()
      await waitFor(() => gateway.services.length === 0)
    },
  )
})
