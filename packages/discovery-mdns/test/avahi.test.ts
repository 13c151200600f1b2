import { expect, test } from 'vitest'
import { avahiOn, canRunAvahi } from '../../../tests/support/avahi.ts'
import { copyFileSync } from 'node:fs'
import { exampleGateway, examplePath, gatewayWith } from '../../../tests/support/finding.ts'
import { freshType } from '../../../tests/support/zeroconf.ts'
import { join } from 'node:path'
import { mdnsDiscovery } from '@octopus-gateway/discovery-mdns'
import { requireComponent } from '../../../tests/support/components.ts'
import { waitFor } from '@octopus-gateway/testing'

const program = requireComponent('avahi-daemon')

test.skipIf(program === undefined || !canRunAvahi())(
  'services that Avahi announces are found, follow its changes, and go with its goodbye',
  async () => {
    const type = freshType()
    const avahi = avahiOn('lo', 'IPv4', program!)
    copyFileSync(examplePath('discovery-mdns/orders.service'), join(avahi.services, 'orders.service'))
    avahi.announce(type, 8081, 'name=users', 'version=v1', 'farp.enabled=true')
    await avahi.start()

    const provider = mdnsDiscovery({ serviceTypes: [type], interface: '127.0.0.1', interval: '1s', browseTime: '1s' })
    await using gateway = gatewayWith(provider)
    await waitFor(() => gateway.services.length > 0)
    expect(gateway.services).toEqual([
      {
        id: 'users-1.2 (here)',
        service: 'users',
        host: '127.0.0.1',
        port: 8081,
        secure: false,
        ready: true,
        weight: 1,
        version: 'v1',
        metadata: { 'mdns.service_type': type, name: 'users', version: 'v1', 'farp.enabled': 'true' },
        provider: 'mdns',
      },
    ])

    // What the example announces is found by what it configures.
    const other = await exampleGateway('discovery-mdns', '{ mdns: { interface: lo } }')
    await waitFor(() => other.services.some(({ service, id, port }) => service === 'orders' && id === 'orders-1' && port === 8082), {
      timeout: 10_000,
    })

    avahi.announce(type, 8082, 'name=users', 'version=v2')
    await waitFor(() => gateway.services[0]?.port === 8082 && gateway.services[0].version === 'v2', { timeout: 10_000 })
    avahi.withdraw()
    await waitFor(() => gateway.services.length === 0, { timeout: 10_000 })
  },
)
