import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createGateway } from '../gateway.ts'
import { sleep } from '../time.ts'
import type { DiscoveryProvider, ServiceInstance, ServiceSet } from '../discovery/provider.ts'
import type { Gateway } from '../gateway-types.ts'
import type { Logger } from '../log/logger.ts'

/** An instance as a service registers it. */
export interface Registered {
  readonly service: string
  readonly id: string
  /** An IPv4 address. */
  readonly host: string
  readonly port: number
  /** Keys such as the registry takes them. Default none. */
  readonly metadata?: Readonly<Record<string, string>>
}

/** A registry that a provider is tested against: a real one where it can be had. */
export interface RegistryUnderTest extends AsyncDisposable {
  /** A new provider for this registry. Its intervals are to be short. */
  provider(): DiscoveryProvider
  /** Registers an instance, or changes one. */
  put(instance: Registered): Promise<void>
  remove(instance: Registered): Promise<void>
  /** The registry cannot be reached any more: connections are cut and refused. */
  stop(): Promise<void>
  /** It can be reached again. What it knows by then is what was put and removed meanwhile: both work while it is stopped. */
  start(): Promise<void>
  /** Connections that providers have open to it, where that can be told. */
  connections?(): number
  /** A provider whose credential the registry refuses, and that credential. */
  refused?(): { readonly provider: DiscoveryProvider; readonly secret: string }
}

/** What a suite may expect of a registry. */
export interface DiscoveryExpectations {
  /** The longest time until a change is known. Milliseconds. Default 20,000. */
  readonly within?: number
  /**
   * The address of an instance, by its number. Default one of those for documentation (RFC 5737): nobody asks them here, and there are registries that
   * take none of loopback.
   */
  readonly address?: (number: number) => string
  /** Whether metadata comes through as it was written. Default true. */
  readonly metadata?: boolean
  /** Whether there is a registry that can be away. Default true. */
  readonly outages?: boolean
}

const place = (host: string, port: number): string => `${host}:${port}`
const placesOf = (set: ServiceSet): string[] => set.map(({ service, host, port }) => `${service} ${place(host, port)}`)
const lineOf = ({ service, host, port }: Registered): string => `${service} ${place(host, port)}`

/**
 * What every discovery provider has to do: complete sets in a fixed order, changes in time, bursts as few sets, the last good set through an
 * outage, and nothing left behind. Call it at the top level of a vitest file.
 */
export function testDiscoveryProvider(
  name: string,
  open: () => Promise<RegistryUnderTest>,
  {
    within = 20_000,
    address = (number) => `192.0.2.${number + 1}`,
    metadata: hasMetadata = true,
    outages: hasOutages = true,
  }: DiscoveryExpectations = {},
): void {
  describe(`the discovery provider ${name}`, () => {
    let registry: RegistryUnderTest
    let gateways: Gateway[] = []
    let lines: { readonly message: string; readonly fields: Readonly<Record<string, unknown>> | undefined }[] = []
    beforeEach(async () => void (registry = await open()))
    afterEach(async () => {
      for (const gateway of gateways) await gateway[Symbol.asyncDispose]()
      gateways = []
      lines = []
      await registry[Symbol.asyncDispose]()
    })

    const registered = (service: string, number: number, metadata: Registered['metadata'] = {}): Registered => ({
      service,
      id: `${service}-${number}`,
      host: address(number),
      port: 8000 + number,
      metadata,
    })

    function watching(provider = registry.provider()): Gateway {
      const write: Logger['info'] = (message, fields) => void lines.push({ message, fields })
      const gateway = createGateway({ discovery: [provider], log: { error: write, warn: write, info: write, debug: write } })
      gateways.push(gateway)
      return gateway
    }

    async function until(what: string, condition: () => boolean, state: () => unknown): Promise<void> {
      for (const end = performance.now() + within; performance.now() < end; await sleep(5)) if (condition()) return
      expect.fail(`waited in vain until ${what}: ${JSON.stringify(state())}`)
    }

    const knows = (gateway: Gateway, what: string, instances: readonly Registered[]): Promise<void> => {
      const wanted = instances.map(lineOf).toSorted()
      return until(
        what,
        () => JSON.stringify(placesOf(gateway.services).toSorted()) === JSON.stringify(wanted),
        () => [gateway.providers, gateway.services],
      )
    }

    test('says at first what is there, complete; nothing is a set, too', async () => {
      const empty = watching()
      await empty.synced
      expect(empty.services).toEqual([])
      const instances = [registered('users', 1, { version: 'v1' }), registered('users', 2), registered('orders', 3)]
      for (const instance of instances) await registry.put(instance)
      const gateway = watching()
      await gateway.synced
      await knows(gateway, 'all are known', instances)
      const found = gateway.services.find(({ port }) => port === 8001)!
      expect(found).toMatchObject({ service: 'users', ready: true, secure: false, provider: registry.provider().name })
      if (hasMetadata) expect(found.metadata).toMatchObject({ version: 'v1' })
      expect(new Set(gateway.services.map(({ id }) => id)).size).toBe(3)
    })

    test('lists instances in the same order, whichever came first', async () => {
      const instances = [1, 2, 3, 4].flatMap((number) => [registered('users', number), registered('orders', number + 10)])
      for (const instance of instances) await registry.put(instance)
      const first = watching()
      await knows(first, 'all are known', instances)
      for (const instance of instances) await registry.remove(instance)
      await knows(first, 'all are gone', [])
      for (const instance of instances.toReversed()) await registry.put(instance)
      const second = watching()
      await knows(second, 'all are known again', instances)
      await knows(first, 'they are known here, too', instances)
      expect(placesOf(second.services)).toEqual(placesOf(first.services))
    })

    test('tells of instances that come, change and go, and keeps the id of one that only changes', async () => {
      const one = registered('users', 1, { build: '1' })
      await registry.put(one)
      const gateway = watching()
      await knows(gateway, 'the first is known', [one])
      const { id } = gateway.services[0]!
      const two = registered('users', 2)
      await registry.put(two)
      await knows(gateway, 'the second is known', [one, two])
      if (hasMetadata) {
        await registry.put({ ...one, metadata: { build: '2' } })
        const found = (): ServiceInstance | undefined => gateway.services.find(({ port }) => port === one.port)
        await until('its metadata changes', () => found()?.metadata['build'] === '2', found)
        expect(found()?.id).toBe(id)
      }
      await registry.remove(one)
      await knows(gateway, 'the first is gone', [two])
    })

    test('makes few sets of many changes', async () => {
      const provider = registry.provider()
      let sets = 0
      const counted: DiscoveryProvider = {
        ...provider,
        async *watch(signal, host) {
          for await (const set of provider.watch(signal, host)) {
            sets += 1
            yield set
          }
        },
      }
      const gateway = watching(counted)
      await gateway.synced
      const instances = Array.from({ length: 40 }, (_, number) => registered('users', number))
      await Promise.all(instances.map((instance) => registry.put(instance)))
      await knows(gateway, 'all are known', instances)
      expect(sets).toBeLessThanOrEqual(21)
    })

    test('what is said twice is one set: whoever registers anew, or is asked again, is no news', async () => {
      const [one, two] = [registered('users', 1, { build: '1' }), registered('users', 2)]
      await registry.put(one)
      const gateway = watching()
      await knows(gateway, 'the first is known', [one])
      const seen: ServiceSet[] = [gateway.services]
      const looking = setInterval(() => {
        if (gateway.services !== seen.at(-1)) seen.push(gateway.services)
      }, 1)
      try {
        await registry.put(one)
        // A chance for the fault, not for the pass: whoever asks at intervals asks several times.
        await sleep(400)
        await registry.put(one)
        await registry.put(two)
        await knows(gateway, 'the second is known', [one, two])
      } finally {
        clearInterval(looking)
      }
      const texts = seen.map((set) => JSON.stringify(set))
      expect(texts.filter((text, index) => text === texts[index - 1])).toEqual([])
    })

    test('an outage changes nothing but the state; afterwards what changed meanwhile is known', async ({ skip }) => {
      skip(!hasOutages, 'there is no registry that can be away')
      const [one, two, three] = [registered('users', 1), registered('users', 2), registered('users', 3)]
      await registry.put(one)
      await registry.put(two)
      const gateway = watching()
      await knows(gateway, 'both are known', [one, two])
      const before = gateway.services
      await registry.stop()
      await until(
        'the outage is noticed',
        () => gateway.providers[0]?.state === 'failing',
        () => gateway.providers,
      )
      expect(gateway.services).toEqual(before)
      expect(gateway.providers[0]?.error).toMatch(/\S+ \S+/)
      await registry.remove(one)
      await registry.put(three)
      await registry.start()
      await knows(gateway, 'the new contents are known', [two, three])
      await until(
        'it is synced again',
        () => gateway.providers[0]?.state === 'synced',
        () => gateway.providers,
      )
      const told = (start: string, field: string): unknown => lines.find(({ message }) => message.startsWith(start))?.fields?.[field]
      expect(told('discovery provider failed', 'age_ms')).toBeTypeOf('number')
      expect(told('discovery provider is back', 'outage_ms')).toBeTypeOf('number')
    })

    test('a registry that cannot be reached at first is a reason that says what to do, and is found later', async ({ skip }) => {
      skip(!hasOutages, 'there is no registry that can be away')
      const one = registered('users', 1)
      await registry.put(one)
      await registry.stop()
      const gateway = watching()
      await until(
        'the failure is known',
        () => gateway.providers[0]?.error != null,
        () => gateway.providers,
      )
      expect(gateway.isSynced).toBe(false)
      await registry.start()
      await knows(gateway, 'it is known', [one])
      await gateway.synced
    })

    test('a credential that is refused is named as the reason and never shown', async ({ skip }) => {
      const refused = registry.refused?.()
      skip(refused === undefined, 'this registry has no credentials')
      const gateway = watching(refused!.provider)
      await until(
        'the failure is known',
        () => gateway.providers[0]?.error != null,
        () => gateway.providers,
      )
      expect(gateway.providers[0]!.error).toMatch(/credential|token|password|unauthori[sz]ed|denied|forbidden|permission/i)
      expect(JSON.stringify([gateway.providers, lines])).not.toContain(refused!.secret)
    })

    test('ends at once when it is told to, and leaves nothing open', async () => {
      await registry.put(registered('users', 1))
      const controller = new AbortController()
      const provider = registry.provider()
      const log = { error() {}, warn() {}, info() {}, debug() {} }
      const sets: ServiceSet[] = []
      const ended = (async () => {
        for await (const set of provider.watch(controller.signal, { log, fail: expect.fail })) sets.push(set)
      })()
      await until(
        'the first set is there',
        () => sets.length > 0,
        () => sets,
      )
      controller.abort()
      const outcome = await Promise.race([
        ended.then(
          () => 'ended',
          (thrown: unknown) => `threw ${String(thrown)}`,
        ),
        sleep(1_000).then(() => 'goes on'),
      ])
      expect(outcome).toBe('ended')
      const { connections } = registry
      if (connections !== undefined) await until('connections are closed', () => connections() === 0, connections)
    })
  })
}
