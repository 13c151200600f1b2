import { createSocket, type Socket } from 'node:dgram'

const GROUP = '224.0.0.251'
const PORT = 5353

/** A record as it is written into a packet, `data` already in its form. */
export interface Written {
  readonly labels: readonly string[]
  readonly type: 1 | 12 | 16 | 33
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
export function recordsOf(parent: readonly string[], label: string, port: number): Written[] {
  const [instance, host] = [
    [label, ...parent],
    [`${label}-host`, 'local'],
  ]
  return [
    { labels: parent, type: 12, data: nameBytes(instance) },
    { labels: instance, type: 33, data: srvBytes(port, host) },
    { labels: instance, type: 16, data: txtBytes('name=users') },
    { labels: host, type: 1, data: Buffer.from([127, 0, 0, 1]) },
  ]
}

function packetOf(records: readonly Written[]): Buffer {
  const written = records.map(({ labels, type, data, ttl = 120 }) => {
    const fixed = Buffer.alloc(10)
    fixed.writeUInt16BE(type, 0)
    fixed.writeUInt16BE(1, 2)
    fixed.writeUInt32BE(ttl, 4)
    fixed.writeUInt16BE(data.length, 8)
    return Buffer.concat([nameBytes(labels), fixed, data])
  })
  return Buffer.concat([Buffer.from([0, 0, 0x84, 0, 0, 0, 0, records.length, 0, 0, 0, 0]), ...written])
}

/** A responder that says exactly what it is told to, and remembers what it was asked. */
export class Responder implements AsyncDisposable {
  /** `16 users-1.2._farp._tcp.local`, the type in front. */
  readonly asked: string[] = []
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  /** With a port of its own it is no responder, and nobody should listen to it. */
  static async start(port = PORT): Promise<Responder> {
    const socket = createSocket({ type: 'udp4', reuseAddr: true })
    await new Promise<void>((resolve) => socket.bind({ port, address: '0.0.0.0', exclusive: true }, resolve))
    socket.addMembership(GROUP, '127.0.0.1')
    socket.setMulticastInterface('127.0.0.1')
    const responder = new Responder(socket)
    socket.on('message', (packet) => responder.#hear(packet))
    return responder
  }

  say(...records: readonly Written[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(packetOf(records), PORT, GROUP, (error) => (error === null ? resolve() : reject(error)))
    })
  }

  #hear(packet: Buffer): void {
    if ((packet[2]! & 0x80) !== 0) return
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
