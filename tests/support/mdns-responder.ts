import { createSocket, type Socket } from 'node:dgram'
import { setImmediate as turn } from 'node:timers/promises'

const PORT = 5353

/** A record as it is written into a packet, `data` already in its form. */
export interface Written {
  readonly labels: readonly string[]
  readonly type: 1 | 12 | 16 | 28 | 33
  readonly data: Buffer
  readonly ttl?: number
}

export const nameBytes = (labels: readonly string[]): Buffer =>
  Buffer.concat([...labels.flatMap((label) => [Buffer.from([Buffer.byteLength(label)]), Buffer.from(label)]), Buffer.from([0])])

export const srvBytes = (port: number, target: readonly string[]): Buffer =>
  Buffer.concat([Buffer.from([0, 0, 0, 0, port >> 8, port & 255]), nameBytes(target)])

export const txtBytes = (...strings: readonly string[]): Buffer =>
  Buffer.concat(strings.flatMap((text) => [Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)]))

/** Everything about an instance of the service `users` on this machine, said at once. */
export function recordsOf(
  parent: readonly string[],
  label: string,
  port: number,
  address: Pick<Written, 'type' | 'data'> = { type: 1, data: Buffer.from([127, 0, 0, 1]) },
): Written[] {
  const [instance, host] = [
    [label, ...parent],
    [`${label}-host`, 'local'],
  ]
  return [
    { labels: parent, type: 12, data: nameBytes(instance) },
    { labels: instance, type: 33, data: srvBytes(port, host) },
    { labels: instance, type: 16, data: txtBytes('name=users') },
    { labels: host, ...address },
  ]
}

/** The record of an IPv6 address that begins with four groups and ends with one: `aaaa('fd07:1:0:0', 7)`. */
export function aaaa(front: string, last: number): Pick<Written, 'type' | 'data'> {
  const groups = [...front.split(':').map((group) => parseInt(group, 16)), 0, 0, 0, last]
  return { type: 28, data: Buffer.from(groups.flatMap((group) => [group >> 8, group & 255])) }
}

/** A response with these records. */
export function packetOf(records: readonly Written[]): Buffer {
  const written = records.map(({ labels, type, data, ttl = 120 }) => {
    const fixed = Buffer.alloc(10)
    fixed.writeUInt16BE(type, 0)
    fixed.writeUInt16BE(1, 2)
    fixed.writeUInt32BE(ttl, 4)
    fixed.writeUInt16BE(data.length, 8)
    return Buffer.concat([nameBytes(labels), fixed, data])
  })
  return Buffer.concat([Buffer.from([0, 0, 0x84, 0, 0, 0, records.length >> 8, records.length & 255, 0, 0, 0, 0]), ...written])
}

/** A responder that says exactly what it is told to, and remembers what it was asked. */
export class Responder implements AsyncDisposable {
  /** `16 users-1.2._farp._tcp.local`, the type in front. */
  readonly asked: string[] = []
  readonly #socket: Socket
  readonly #group: string

  private constructor(socket: Socket, group: string) {
    this.#socket = socket
    this.#group = group
  }

  /**
   * At an IPv4 address, by default on the loopback interface, or over IPv6 on a link: `::%one`. With a port of its own it is no responder, and nobody
   * should listen to it.
   */
  static async start(port = PORT, at = '127.0.0.1', { isMember = true } = {}): Promise<Responder> {
    const isIpv6 = at.includes(':')
    const [group, any] = isIpv6 ? ['ff02::fb', '::'] : ['224.0.0.251', '0.0.0.0']
    const socket = createSocket(isIpv6 ? { type: 'udp6', reuseAddr: true, ipv6Only: true } : { type: 'udp4', reuseAddr: true })
    await new Promise<void>((resolve) => socket.bind({ port, address: any, exclusive: true }, resolve))
    // Linux gives what comes to a group of which any program is a member to all that have its port.
    if (isMember) socket.addMembership(group, at)
    socket.setMulticastInterface(at)
    const responder = new Responder(socket, group)
    // A socket is given what comes to the group on every link.
    const zone = isIpv6 ? at.slice(at.indexOf('%')) : ''
    socket.on('message', (packet, { address }) => {
      if (address.endsWith(zone)) responder.#hear(packet)
    })
    return responder
  }

  say(...records: readonly Written[]): Promise<void> {
    return this.send(packetOf(records))
  }

  /** Sends what may be no message at all. Who listens in this process has had a turn when it resolves. */
  async send(packet: Buffer): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#socket.send(packet, PORT, this.#group, (error) => (error === null ? resolve() : reject(error)))
    })
    await turn()
  }

  #hear(packet: Buffer): void {
    if (packet.length < 12 || (packet[2]! & 0x80) !== 0) return
    let at = 12
    for (let left = packet.readUInt16BE(4); left > 0; left--) {
      const labels: string[] = []
      for (let length = packet[at++]!; length > 0; length = packet[at++]!) {
        labels.push(packet.subarray(at, at + length).toString())
        at += length
      }
      this.asked.push(`${packet.readUInt16BE(at)} ${labels.join('.')}`)
      at += 4
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(resolve))
  }
}
