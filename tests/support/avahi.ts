import { join } from 'node:path'
import { notAllowed } from './components.ts'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { onTestFinished } from 'vitest'
import { Program } from './process.ts'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'

// It reads services from one place and runs once: only with mounts of its own it leaves the machine alone, and those are for root.
const START =
  'mount -t tmpfs none /run && mkdir /run/avahi-daemon && mount --bind "$1/services" /etc/avahi/services && exec "$0" -f "$1/avahi.conf" --no-drop-root --no-chroot --no-rlimits'

/** Whether Avahi can run here without touching the machine's own. */
export function canRunAvahi(): boolean {
  const can = spawnSync('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs none /run && chown avahi /run']).status === 0
  if (!can) notAllowed('mounts of their own (unshare -m)')
  return can
}

/** Avahi as it runs: the folder of its service files, and how to start it when they are there. */
export interface Avahi {
  /** Writes a service file, or another one in its place; the instance is called `users-1.2 (here)`. */
  announce(type: string, port: number, ...txt: readonly string[]): void
  /** Takes it away. */
  withdraw(): void
  readonly services: string
  start(): Promise<void>
}

/** Avahi on one link, over IPv4 or over IPv6 alone. Ended with the test. */
export function avahiOn(link: string, family: 'IPv4' | 'IPv6', program: string): Avahi {
  const folder = mkdtempSync(join(tmpdir(), 'octopus-avahi-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const services = join(folder, 'services')
  mkdirSync(services)
  writeFileSync(join(folder, 'avahi.conf'), configOf(link, family))
  const file = join(services, 'users.service')
  return {
    services,
    announce: (type, port, ...txt) =>
      writeFileSync(
        file,
        `<?xml version="1.0"?><!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group><name>users-1.2 (here)</name><service><type>${type}</type><port>${port}</port>${txt.map((text) => `<txt-record>${text}</txt-record>`).join('')}</service></service-group>
`,
      ),
    withdraw: () => rmSync(file),
    async start() {
      const daemon = new Program('unshare', ['-m', 'sh', '-c', START, program, folder])
      onTestFinished(() => daemon[Symbol.asyncDispose]())
      await daemon.printed('successfully established')
    },
  }
}

function configOf(link: string, family: 'IPv4' | 'IPv6'): string {
  const has = (one: 'IPv4' | 'IPv6'): string => (one === family ? 'yes' : 'no')
  return `[server]
host-name=octopus-test
use-ipv4=${has('IPv4')}
use-ipv6=${has('IPv6')}
allow-interfaces=${link}
disallow-other-stacks=no
enable-dbus=no
[wide-area]
enable-wide-area=no
[publish]
publish-hinfo=no
publish-workstation=no
`
}
