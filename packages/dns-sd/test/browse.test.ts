import { aaaa, packetOf, recordsOf, Responder } from '../../../tests/support/mdns-responder.ts'
import { browser, type Browse, type Found } from '@octopus-gateway/dns-sd'
import { createSocket } from 'node:dgram'
import { expect, onTestFinished, test } from 'vitest'
import { freshType } from '../../../tests/support/zeroconf.ts'
import { inOwnNetwork, ip, takeDown } from '../../../tests/support/own-network.ts'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { waitFor } from '@octopus-gateway/testing'

interface Running {
  readonly warnings: readonly string[]
  /** Each with its addresses, in the order of names. */
  found(): string[]
  /** Why it has ended, as soon as it has. */
  readonly failure: Promise<Error>
}

interface Browsing extends Running {
  readonly type: string
  readonly parent: readonly string[]
  /** Goes on after an outage. */
  again(): Running
}

function running(browse: Browse<string>): Running {
  const ended = new AbortController()
  const warnings: string[] = []
  let last: readonly Found<string>[] = []
  const read = async (): Promise<Error> => {
    try {
      for await (const set of browse(ended.signal, (problem) => void warnings.push(problem))) last = set
    } catch (thrown) {
      return thrown as Error
    }
    return new Error('it was told to end')
  }
  const failure = read()
  onTestFinished(async () => {
    ended.abort()
    await failure
  })
  const found = (): string[] => last.map(({ label, addresses }) => [label, ...addresses].join(' ')).sort()
  return { warnings, found, failure }
}

function browsing(where?: string): Browsing {
  const type = freshType()
  const options = { types: [type], domain: 'local', interface: where, interval: 1_000, browseTime: 10 }
  const browse = browser({ ...options, readText: (strings) => strings.join() })
  return { type, parent: [...type.split('.'), 'local'], ...running(browse), again: () => running(browse) }
}

async function responder(at: string): Promise<Responder> {
  const one = await Responder.start(5353, at)
  onTestFinished(() => one[Symbol.asyncDispose]())
  return one
}

/** Says that there is an instance, and no more: what is missing is asked for at once, on every way. */
const hint = (by: Responder, parent: readonly string[], label: string): Promise<void> => by.say(recordsOf(parent, label, 80)[0]!)

inOwnNetwork(import.meta.url, () => {
  test('every link is asked over both families, where it has them, and what is said over either of them is found', async () => {
    const ways = await Promise.all(['10.7.1.1', '::%one', '::%two'].map(responder))
    const { type, parent, found, warnings } = browsing()
    for (const { asked } of ways) await waitFor(() => asked.includes(`12 ${type}.local`))
    const [overIpv4, overIpv6, onTwo] = ways
    await overIpv4!.say(...recordsOf(parent, 'a', 80, aaaa('fd07:1:0:0', 7)))
    await overIpv6!.say(...recordsOf(parent, 'b', 80, { type: 1, data: Buffer.from([10, 7, 1, 7]) }))
    await onTwo!.say(...recordsOf(parent, 'c', 80, aaaa('fe80:0:0:0', 7)))
    await waitFor(() => expect(found()).toEqual(['a fd07:1::7', 'b 10.7.1.7', 'c fe80::7%two']))
    expect(warnings).toEqual([])
  })

  test('a link-local address is one of each link on which it was heard', async () => {
    const [one, two] = await Promise.all(['::%one', '::%two'].map(responder))
    const { parent, found } = browsing()
    await waitFor(async () => {
      for (const link of [one!, two!]) await link.say(...recordsOf(parent, 'a', 80, aaaa('fe80:0:0:0', 7)))
      expect(found()).toEqual(['a fe80::7%one fe80::7%two'])
      return true
    })
  })

  test('addresses of other networks are left out, and of another link, or another port, nothing is heard', async () => {
    const [one, two, stranger] = [await responder('::%one'), await responder('::%two'), await Responder.start(0, '::%one')]
    onTestFinished(() => stranger[Symbol.asyncDispose]())
    const { type, parent, found } = browsing('one')
    await waitFor(() => one.asked.includes(`12 ${type}.local`))
    await two.say(...recordsOf(parent, 'other link', 80, aaaa('fd07:1:0:0', 7)))
    await stranger.say(...recordsOf(parent, 'other port', 80, aaaa('fd07:1:0:0', 7)))
    for (const [label, front] of [
      ['elsewhere', '2001:db8:0:0'],
      ['loopback', '0:0:0:0'],
      ['near', 'fd07:1:0:0'],
    ] as const)
      await one.say(...recordsOf(parent, label, 80, aaaa(front, 1)))
    await waitFor(() => expect(found()).toEqual(['elsewhere', 'loopback', 'near fd07:1::1']))
    expect(two.asked).not.toContain(`12 ${type}.local`)
  })

  test('an address names its own family alone', async () => {
    const [overIpv4, overIpv6] = await Promise.all(['10.7.1.1', '::%one'].map(responder))
    const [four, six] = [browsing('10.7.1.1'), browsing('fd07:1::1')]
    await waitFor(() => overIpv4!.asked.includes(`12 ${four.type}.local`) && overIpv6!.asked.includes(`12 ${six.type}.local`))
    // Asked something else by both: what was not heard by now does not come.
    await hint(overIpv4!, four.parent, 'a')
    await hint(overIpv6!, six.parent, 'a')
    await waitFor(() => overIpv4!.asked.includes(`33 a.${four.type}.local`) && overIpv6!.asked.includes(`33 a.${six.type}.local`))
    expect([overIpv6!.asked.includes(`12 ${four.type}.local`), overIpv4!.asked.includes(`12 ${six.type}.local`)]).toEqual([false, false])
  })

  test('a family that cannot be used is told of, the other one goes on, and it is used again as soon as it can be', async () => {
    const overIpv4 = await responder('10.7.1.1')
    ip('-6', 'route', 'del', 'ff00::/8', 'dev', 'one', 'table', 'local')
    const { parent, found, warnings, type } = browsing('one')
    await waitFor(() =>
      expect(warnings).toEqual([expect.stringMatching(/^Multicast DNS cannot be used at one over IPv6 \(ENETUNREACH\): .*\.$/)]),
    )
    await hint(overIpv4, parent, 'a')
    await waitFor(() => overIpv4.asked.includes(`33 a.${type}.local`))
    await overIpv4.say(...recordsOf(parent, 'a', 80, aaaa('fd07:1:0:0', 7)))
    await waitFor(() => expect(found()).toEqual(['a fd07:1::7']))
    // Said once, however often it fails: both questions have.
    expect(warnings).toHaveLength(1)
    ip('-6', 'route', 'append', 'multicast', 'ff00::/8', 'dev', 'one', 'table', 'local', 'metric', '256')
    const overIpv6 = await responder('::%one')
    await waitFor(() => overIpv6.asked.includes(`12 ${type}.local`))
    await overIpv6.say(...recordsOf(parent, 'b', 80, aaaa('fd07:1:0:0', 8)))
    await waitFor(() => found().includes('b fd07:1::8'))
    expect(warnings).toHaveLength(1)
    // Another time is another thing to know.
    ip('-6', 'route', 'del', 'ff00::/8', 'dev', 'one', 'table', 'local')
    onTestFinished(() => ip('-6', 'route', 'append', 'multicast', 'ff00::/8', 'dev', 'one', 'table', 'local', 'metric', '256'))
    await waitFor(() => warnings.length === 2)
  })

  test('when another program keeps the port of one family to itself, the other family goes on', async () => {
    const greedy = createSocket({ type: 'udp4' })
    onTestFinished(() => void greedy.close())
    greedy.bind({ port: 5353, address: '0.0.0.0', exclusive: true })
    await once(greedy, 'listening')
    const overIpv6 = await responder('::%one')
    const { parent, found, warnings } = browsing()
    await waitFor(async () => {
      await overIpv6.say(...recordsOf(parent, 'a', 80, aaaa('fd07:1:0:0', 7)))
      expect(found()).toEqual(['a fd07:1::7'])
      return true
    })
    expect(warnings).toEqual([expect.stringMatching(/at 10\.7\.1\.1 over IPv4 \(EADDRINUSE\): another program keeps port 5353 to itself/)])
  })

  test('without any way it is an outage that names all of them', async () => {
    const greedy = [createSocket({ type: 'udp4' }), createSocket({ type: 'udp6', ipv6Only: true })]
    for (const socket of greedy) {
      onTestFinished(() => void socket.close())
      socket.bind({ port: 5353, exclusive: true })
      await once(socket, 'listening')
    }
    const { failure, warnings } = browsing('one')
    const { name, message } = await failure
    expect([name, warnings]).toEqual(['Outage', []])
    expect(message).toMatch(/at 10\.7\.1\.1 over IPv4 \(EADDRINUSE\).* at one over IPv6 \(EADDRINUSE\)/)
  })

  test('through an outage nothing is forgotten, however long it lasts, and nobody has to answer at once', async () => {
    const ttl = 3
    const one = await responder('10.7.1.1')
    const before = browsing('10.7.1.1')
    const say = async (label: string): Promise<void> =>
      one.say(...recordsOf(before.parent, label, 80, aaaa('fd07:1:0:0', 7)).map((record) => ({ ...record, ttl })))
    await waitFor(async () => {
      for (const label of ['a', 'b']) await say(label)
      expect(before.found()).toEqual(['a fd07:1::7', 'b fd07:1::7'])
      return true
    })
    const bringUp = takeDown('one')
    onTestFinished(bringUp)
    expect((await before.failure).name).toBe('Outage')
    // What was said would be over by then.
    await sleep(ttl * 1_000)
    expect((await before.again().failure).name).toBe('Outage')
    bringUp()
    const after = before.again()
    await waitFor(() => after.found().length > 0)
    // Nobody has said a word since.
    expect(after.found()).toEqual(['a fd07:1::7', 'b fd07:1::7'])
    await waitFor(async () => {
      await say('c')
      expect(after.found()).toContain('c fd07:1::7')
      return true
    })
  })

  test('where one link goes and another one stays, what was heard there stays, and is told of once', async () => {
    const [one, two] = [await responder('10.7.1.1'), await responder('::%two')]
    const { parent, found, warnings } = browsing()
    await waitFor(async () => {
      await one.say(...recordsOf(parent, 'a', 80, aaaa('fd07:1:0:0', 7)))
      await two.say(...recordsOf(parent, 'b', 80, aaaa('fd07:2:0:0', 7)))
      expect(found()).toEqual(['a fd07:1::7', 'b fd07:2::7'])
      return true
    })
    const bringUp = takeDown('one')
    onTestFinished(bringUp)
    await hint(two, parent, 'x')
    await waitFor(() => warnings.length > 0)
    // An address of there that is heard here leads nowhere.
    await two.say(...recordsOf(parent, 'c', 80, aaaa('fd07:1:0:0', 8)))
    await waitFor(() => expect(found()).toEqual(['a fd07:1::7', 'b fd07:2::7', 'c']))
    expect(warnings).toEqual([expect.stringContaining('the interface one is away')])
    bringUp()
    await waitFor(() => expect(found()).toEqual(['a fd07:1::7', 'b fd07:2::7', 'c fd07:1::8']))
  })

  test('what is said on an interface that was made anew under its name is heard', async () => {
    const make = (): void => {
      ip('link', 'add', 'three', 'type', 'bridge')
      ip('link', 'set', 'three', 'addrgenmode', 'none')
      ip('link', 'set', 'three', 'up')
      for (const address of ['fd07:4::1/64', 'fe80::3/64']) ip('addr', 'add', address, 'dev', 'three', 'nodad')
    }
    make()
    onTestFinished(() => ip('link', 'del', 'three'))
    const { type, parent, found } = browsing()
    const before = await responder('::%three')
    await waitFor(() => before.asked.includes(`12 ${type}.local`))
    await before.say(...recordsOf(parent, 'a', 80, aaaa('fd07:4:0:0', 7)))
    await waitFor(() => expect(found()).toEqual(['a fd07:4::7']))
    // Nothing can be sent in between.
    ip('link', 'del', 'three')
    make()
    const after = await Responder.start(5353, '::%three', { isMember: false })
    onTestFinished(() => after[Symbol.asyncDispose]())
    await waitFor(async () => {
      await after.say(...recordsOf(parent, 'b', 80, aaaa('fd07:4:0:0', 8)))
      expect(found()).toContain('b fd07:4::8')
      return true
    })
  })

  test('who is told to end and begins later begins anew', async () => {
    const one = await responder('10.7.1.1')
    const browse = browser({ types: ['_t._tcp'], domain: 'local', interval: 1_000, browseTime: 10, readText: () => '' })
    for await (const set of browse(AbortSignal.timeout(20_000), expect.fail)) {
      if (set.length > 0) break
      await one.say(...recordsOf(['_t', '_tcp', 'local'], 'a', 80, aaaa('fd07:1:0:0', 7)))
    }
    for await (const set of browse(AbortSignal.timeout(20_000), expect.fail)) {
      expect(set).toEqual([])
      break
    }
    expect.assertions(1)
  })

  test('an address that this machine gets later makes near what was said before', async () => {
    const two = await responder('::%two')
    const { type, parent, found } = browsing('two')
    await waitFor(() => two.asked.includes(`12 ${type}.local`))
    await two.say(...recordsOf(parent, 'a', 80, aaaa('fd07:3:0:0', 7)))
    await waitFor(() => expect(found()).toEqual(['a']))
    ip('addr', 'add', 'fd07:3::1/64', 'dev', 'two', 'nodad')
    onTestFinished(() => ip('addr', 'del', 'fd07:3::1/64', 'dev', 'two'))
    await hint(two, parent, 'b')
    await waitFor(() => expect(found()).toEqual(['a fd07:3::7']))
  })

  test('of more bytes in a second than all of a network needs the rest is not read, which is said once; then everything goes on', async () => {
    const flood = await responder('10.7.1.1')
    const { parent, found, warnings } = browsing('10.7.1.1')
    const nothing = Buffer.concat([packetOf([]), Buffer.alloc(8_900)])
    const deadline = performance.now() + 20_000
    while (warnings.length === 0 && performance.now() < deadline) await flood.send(nothing)
    for (let i = 0; i < 100; i++) await flood.send(nothing)
    await waitFor(async () => {
      await flood.say(...recordsOf(parent, 'a', 80, aaaa('fd07:1:0:0', 7)))
      expect(found()).toEqual(['a fd07:1::7'])
      return true
    })
    expect(warnings).toEqual(['Multicast DNS: more is said in the network than is read.'])
  })

  test('of more instances than are kept the others are left out, which is said once; those that were there stay', async () => {
    const flood = await responder('10.7.1.1')
    const { parent, found, warnings } = browsing('10.7.1.1')
    const say = async (label: string): Promise<void> => flood.say(...recordsOf(parent, label, 80, aaaa('fd07:1:0:0', 7)))
    await waitFor(async () => {
      await say('a')
      return found().length === 1
    })
    await waitFor(async () => {
      // More would be more than is read.
      for (let number = 0; number < 1_200 && warnings.length === 0; number++) {
        // Who is not heard for three browses is gone.
        if (number % 50 === 0) await say('a')
        await say(`x${number}`)
      }
      return warnings.length > 0 && found().length === 1_000
    })
    expect(found()[0]).toBe('a fd07:1::7')
    expect(warnings).toEqual(['Multicast DNS: the network announces more instances than are kept.'])
  })

  test('packets that are no messages are nothing, and what comes between them is found', async () => {
    const one = await responder('::%one')
    const { parent, found, warnings } = browsing('one')
    const whole = packetOf(recordsOf(parent, 'a', 80, aaaa('fd07:1:0:0', 7)))
    await waitFor(async () => {
      // Each of them a response that says it goes on.
      for (let length = 0; length < whole.length; length += 7) await one.send(whole.subarray(0, length))
      await one.send(Buffer.alloc(9_001, 0xff))
      await one.send(whole)
      expect(found()).toEqual(['a fd07:1::7'])
      return true
    })
    expect(warnings).toEqual([])
  })
})
