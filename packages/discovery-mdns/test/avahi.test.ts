import { expect, onTestFinished, test } from 'vitest'
import { exampleGateway, examplePath, gatewayWith } from '../../../tests/support/finding.ts'
import { freshType } from '../../../tests/support/zeroconf.ts'
import { join } from 'node:path'
import { mdnsDiscovery } from '@octopus-gateway/discovery-mdns'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Program } from '../../../tests/support/process.ts'
import { requireComponent } from '../../../tests/support/components.ts'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { waitFor } from '@octopus-gateway/testing'

const avahi = requireComponent('avahi-daemon')
// It reads services from one place and runs once: only with mounts of its own it leaves the machine alone, and those are for root.
const hasMounts = avahi !== undefined && spawnSync('unshare', ['-m', 'true']).status === 0

const CONFIG = `[server]
host-name=octopus-test
use-ipv6=no
allow-interfaces=lo
disallow-other-stacks=no
enable-dbus=no
[wide-area]
enable-wide-area=no
[publish]
publish-hinfo=no
publish-workstation=no
`

const START =
  'mount -t tmpfs none /run && mkdir /run/avahi-daemon && mount --bind "$1/services" /etc/avahi/services && exec "$0" -f "$1/avahi.conf" --no-drop-root --no-chroot --no-rlimits'

test.skipIf(!hasMounts)('services that Avahi announces are found, follow its changes, and go with its goodbye', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'octopus-avahi-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'services'))
  writeFileSync(join(folder, 'avahi.conf'), CONFIG)
  const type = freshType()
  const file = join(folder, 'services/users.service')
  const announce = (port: number, ...txt: readonly string[]): void =>
    writeFileSync(
      file,
      `<?xml version="1.0"?><!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group><name>users-1.2 (here)</name><service><type>${type}</type><port>${port}</port>${txt.map((text) => `<txt-record>${text}</txt-record>`).join('')}</service></service-group>
`,
    )
  copyFileSync(examplePath('discovery-mdns/orders.service'), join(folder, 'services/orders.service'))
  announce(8081, 'name=users', 'version=v1', 'farp.enabled=true')
  await using daemon = new Program('unshare', ['-m', 'sh', '-c', START, avahi!, folder])
  await daemon.printed('successfully established')

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

  announce(8082, 'name=users', 'version=v2')
  await waitFor(() => gateway.services[0]?.port === 8082 && gateway.services[0].version === 'v2', { timeout: 10_000 })
  rmSync(file)
  await waitFor(() => gateway.services.length === 0, { timeout: 10_000 })
})
