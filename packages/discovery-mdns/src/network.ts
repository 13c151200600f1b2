import { createSocket, type Socket } from 'node:dgram'
import { Outage, unreachable, type Remedies } from '@octopus-gateway/discovery-support'
import { surroundings, type Surroundings } from './interfaces.ts'

const GROUP = '224.0.0.251'
const PORT = 5353
/** What comes from farther away has a smaller one, and what is sent with it is known to be from here (RFC 6762, 11). */
const HOPS = 255

const REMEDIES: Remedies = new Map([
  ['EADDRINUSE', 'another program keeps port 5353 to itself'],
  ['EACCES', 'this program may not use multicast; check its permissions'],
  ['EPERM', 'this program may not use multicast; check its permissions, and the firewall'],
  ['ENODEV', 'this interface takes no multicast; check interface'],
  ['EADDRNOTAVAIL', 'the address is gone; check interface'],
  ['ENETUNREACH', 'there is no way to the network; check the interface'],
  ['ENETDOWN', 'the interface is down'],
])

/** Multicast DNS on some interfaces: one socket for each. Disposed of, none is left. */
export class Network implements Disposable {
  readonly #wanted: string | undefined
  readonly #heard: (packet: Buffer) => void
  readonly #sockets = new Map<string, Socket>()
  #around: Surroundings = { addresses: [], isNear: () => false }

  /** `heard` is given every packet of this network's responders. */
  constructor(wanted: string | undefined, heard: (packet: Buffer) => void) {
    this.#wanted = wanted
    this.#heard = heard
  }

  isNear(address: string): boolean {
    return this.#around.isNear(address)
  }

  /** Sends on every interface, as they are now. Rejects with an `Outage` when none can be used. */
  async send(packet: Buffer): Promise<void> {
    this.#around = surroundings(this.#wanted)
    const { addresses } = this.#around
    for (const address of this.#sockets.keys()) if (!addresses.includes(address)) this.#close(address)
    const outages: Outage[] = []
    await Promise.all(
      addresses.map(async (address) => {
        try {
          const socket = this.#sockets.get(address) ?? (await this.#open(address))
          await sent(socket, packet)
        } catch (thrown) {
          this.#close(address)
          outages.push(unreachable({ name: 'Multicast DNS', failing: `cannot be used at ${address}`, remedies: REMEDIES }, thrown))
        }
      }),
    )
    if (outages.length === addresses.length) throw new Outage(outages.map(({ message }) => message).join(' '))
  }

  [Symbol.dispose](): void {
    for (const address of this.#sockets.keys()) this.#close(address)
  }

  async #open(address: string): Promise<Socket> {
    // The port is shared with whatever else on this machine speaks multicast DNS.
    const socket = createSocket({ type: 'udp4', reuseAddr: true })
    this.#sockets.set(address, socket)
    socket.on('message', (packet, { address: from, port }) => {
      // From elsewhere, or from a program that is no responder: anybody on the Internet may send to the port (RFC 6762, 6 and 11).
      if (port === PORT && this.#around.isNear(from)) this.#heard(packet)
    })
    await new Promise<void>((resolve, reject) => {
      socket.on('error', (error) => {
        reject(error)
        // It is opened again with the next question.
        this.#close(address)
      })
      socket.bind({ port: PORT, address: '0.0.0.0', exclusive: true }, resolve)
    })
    socket.addMembership(GROUP, address)
    socket.setMulticastInterface(address)
    socket.setMulticastTTL(HOPS)
    socket.setMulticastLoopback(true)
    return socket
  }

  #close(address: string): void {
    const socket = this.#sockets.get(address)
    if (!this.#sockets.delete(address)) return
    socket!.removeAllListeners('message')
    socket!.close()
  }
}

function sent(socket: Socket, packet: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(packet, PORT, GROUP, (error) => (error === null ? resolve() : reject(error)))
  })
}
