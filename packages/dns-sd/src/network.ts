import { createSocket, type Socket } from 'node:dgram'
import { linksOf, type Link, type Way } from './links.ts'
import { Outage, unreachable, type Remedies } from '@octopus-gateway/discovery-support'

const PORT = 5353
const GROUPS = { IPv4: '224.0.0.251', IPv6: 'ff02::fb' } as const
/** What comes from farther away has a smaller one, and what is sent with it is known to be from here (RFC 6762, 11). */
const HOPS = 255

/** Links that are away and known nevertheless. */
const MOST_AWAY = 64

const REMEDIES: Remedies = new Map([
  ['EADDRINUSE', 'another program keeps port 5353 to itself'],
  ['EACCES', 'this program may not use multicast; check its permissions'],
  ['EPERM', 'this program may not use multicast; check its permissions, and the firewall'],
  ['ENODEV', 'this interface takes no multicast; check interface'],
  ['EADDRNOTAVAIL', 'the address is gone; check interface'],
  ['ENETUNREACH', 'there is no way to the network; check the interface'],
  ['ENETDOWN', 'the interface is down'],
  ['EAFNOSUPPORT', 'this machine does not speak this kind of addresses'],
])

/** What is told of the network. */
export interface Listener {
  /** A packet of a responder on the link with this zone. */
  heard(packet: Buffer, zone: string): void
  /** Why a link or a way cannot be used, while another one can: once, until it could be used again. */
  failed(problem: string): void
}

/** Multicast DNS on some links: one socket for each family on each. Disposed of, none is left. */
export class Network implements Disposable {
  readonly #wanted: string | undefined
  readonly #listener: Listener
  readonly #sockets = new Map<string, Socket>()
  readonly #failing = new Map<string, string>()
  #links: readonly Link[] = []
  /** Those that went away while others stayed, by their zones. */
  readonly #away = new Map<string, Link>()
  /** Counts changes of the links. */
  version = 0

  constructor(wanted: string | undefined, listener: Listener) {
    this.#wanted = wanted
    this.#listener = listener
  }

  /** Whether an address is in a network of the links, or of the one on which it was heard, which is away; a link-local IPv6 one names its zone. */
  isNear(address: string, zone: string): boolean {
    return this.#links.some((link) => link.holds(address)) || this.#away.get(zone)?.holds(address) === true
  }

  /** Whether nobody on the link with this zone can be asked. */
  isAway(zone: string): boolean {
    return this.#away.has(zone)
  }

  /** Sends on every link over every family, as they are now. Rejects with an `Outage` when there is no way at all. */
  async send(packet: Buffer): Promise<void> {
    this.#follow(linksOf(this.#wanted))
    const ways = this.#links.flatMap((link) => link.ways.map((way) => ({ link, way })))
    for (const key of this.#sockets.keys()) if (!ways.some(({ way }) => way.key === key)) this.#close(key)
    const outcomes = await Promise.all(ways.map(async ({ link, way }) => ({ way, problem: await this.#sendBy(way, link, packet) })))
    const problems = outcomes.flatMap(({ problem }) => problem ?? [])
    if (problems.length === ways.length) throw new Outage(problems.map(({ message }) => message).join(' '))
    for (const { way, problem } of outcomes) this.#tell(way, problem)
  }

  [Symbol.dispose](): void {
    for (const key of this.#sockets.keys()) this.#close(key)
  }

  #follow(links: readonly Link[]): void {
    const networksOf = (some: readonly Link[]): string => some.map(({ zone, networks }) => `${zone} ${networks.join(' ')}`).join()
    if (networksOf(links) !== networksOf(this.#links)) this.version += 1
    for (const link of this.#links) {
      if (links.some(({ zone }) => zone === link.zone)) continue
      this.#away.set(link.zone, link)
      // Names of bridges may be new every time.
      if (this.#away.size > MOST_AWAY) this.#away.delete(this.#away.keys().next().value!)
      this.#listener.failed(
        `Multicast DNS: the interface ${link.zone} is away; what was heard there is kept for as long as it was said to be so.`,
      )
    }
    for (const { zone } of links) this.#away.delete(zone)
    this.#links = links
  }

  async #sendBy(way: Way, { zone }: Link, packet: Buffer): Promise<Outage | undefined> {
    try {
      await sent(this.#sockets.get(way.key) ?? (await this.#open(way, zone)), packet, addressOf(way, zone))
      return undefined
    } catch (thrown) {
      this.#close(way.key)
      const failing = `cannot be used at ${way.at.replace('::%', '')} over ${way.family}`
      return unreachable({ name: 'Multicast DNS', failing, remedies: REMEDIES }, thrown)
    }
  }

  #tell(way: Way, problem: Outage | undefined): void {
    if (problem === undefined) return void this.#failing.delete(way.key)
    if (this.#failing.get(way.key) === problem.message) return
    this.#failing.set(way.key, problem.message)
    this.#listener.failed(problem.message)
  }

  async #open({ family, at, key }: Way, zone: string): Promise<Socket> {
    // The port is shared with whatever else on this machine speaks multicast DNS.
    const socket = createSocket(family === 'IPv4' ? { type: 'udp4', reuseAddr: true } : { type: 'udp6', reuseAddr: true, ipv6Only: true })
    this.#sockets.set(key, socket)
    socket.on('message', (packet, { address, port }) => {
      // From another link, or from a program that is no responder: anybody on the Internet may send to the port (RFC 6762, 6 and 11).
      if (port === PORT && this.#links.some((link) => link.zone === zone && link.holds(address))) this.#listener.heard(packet, zone)
    })
    await new Promise<void>((resolve, reject) => {
      socket.on('error', (error) => {
        reject(error)
        // It is opened again with the next question.
        this.#close(key)
      })
      socket.bind({ port: PORT, address: family === 'IPv4' ? '0.0.0.0' : '::', exclusive: true }, resolve)
    })
    socket.addMembership(GROUPS[family], at)
    socket.setMulticastInterface(at)
    socket.setMulticastTTL(HOPS)
    socket.setMulticastLoopback(true)
    return socket
  }

  #close(key: string): void {
    const socket = this.#sockets.get(key)
    if (!this.#sockets.delete(key)) return
    socket!.removeAllListeners('message')
    socket!.close()
  }
}

function addressOf({ family }: Way, zone: string): string {
  return family === 'IPv4' ? GROUPS.IPv4 : `${GROUPS.IPv6}%${zone}`
}

function sent(socket: Socket, packet: Buffer, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(packet, PORT, address, (error) => (error === null ? resolve() : reject(error)))
  })
}
