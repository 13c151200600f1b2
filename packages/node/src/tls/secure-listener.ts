import { clientCertificate } from './client-certificate.ts'
import { Connection } from '../connection.ts'
import { ticketKeys } from './ticket-keys.ts'
import { filesOf, load } from './load.ts'
import { watchFiles } from './watch-files.ts'
import type { Loaded } from './load.ts'
import type { Logger } from '@octopus-gateway/core'
import type { Server, TlsOptions as ServerOptions, TLSSocket } from 'node:tls'
import type { TlsOptions } from './options.ts'

/** What it is told. */
export interface SecureHow<S extends Server> {
  /** For a handshake, milliseconds. */
  readonly handshake: number
  readonly log: Logger
  /** Makes the server of these options and of what is spoken over it. */
  make(options: ServerOptions): S
  /** A handshake failed, or took too long. */
  refused(error: Error): void
  /** Others than before sign the certificates of clients. */
  distrusted?(): void
}

/** Speaks TLS, with the certificates as they are at the moment. */
export class SecureListener<S extends Server = Server> implements Disposable {
  readonly server: S
  #options: TlsOptions
  readonly #how: SecureHow<S>
  #watching: Disposable | null = null
  #loaded: Loaded
  #reloading: Promise<void> = Promise.resolve()
  /** What was prepared may still be put in place after that: nobody would end what it starts. */
  #isDisposed = false

  /** Rejects with a `ConfigError` when a certificate cannot be used. */
  static async create<S extends Server>(options: TlsOptions, how: SecureHow<S>): Promise<SecureListener<S>> {
    return new SecureListener(options, how, await load(options))
  }

  private constructor(options: TlsOptions, how: SecureHow<S>, loaded: Loaded) {
    this.#options = options
    this.#how = how
    this.#loaded = loaded
    const { clientAuth, minVersion = 'TLSv1.2' } = options
    this.server = how.make({
      handshakeTimeout: how.handshake,
      minVersion,
      requestCert: clientAuth !== undefined,
      rejectUnauthorized: clientAuth?.mode === 'required',
      SNICallback: (name, done) => done(null, this.#loaded.table.select(name).context),
    })
    // Node leaves a connection whose handshake takes too long as it is.
    this.server.on('tlsClientError', (error, socket) => {
      how.refused(error)
      socket.destroy()
    })
    this.#use(loaded)
    this.#watch()
  }

  #watch(): void {
    this.#watching?.[Symbol.dispose]()
    if (this.#isDisposed) return
    const files = filesOf(this.#options)
    this.#watching = files.length === 0 ? null : watchFiles(files, () => void this.reload())
  }

  /** Takes a connection after its handshake; `false` when the client's certificate does not hold. */
  admit(socket: TLSSocket): boolean {
    const client = this.#options.clientAuth === undefined ? undefined : clientCertificate(socket)
    if (client === 'invalid') return false
    const name = typeof socket.servername === 'string' ? socket.servername : ''
    Connection.of(socket).secured = {
      certificate: client?.certificate,
      until: client?.until ?? Infinity,
      // A client that named no host takes what it gets: it has said nothing that the host could contradict.
      isForeign: (host) => name !== '' && this.#loaded.table.isForeign(name, host),
    }
    return true
  }

  /** Whether a certificate stands for a host, told with or without a port. */
  covers(host: string): boolean {
    return this.#loaded.table.covering(host) !== undefined
  }

  /**
   * Makes other certificates ready; rejects with a `ConfigError` when one cannot be used. What it resolves with puts them in place: for
   * handshakes from then on, connections go on with what they have. Whether clients are asked for certificates stays.
   */
  async prepare(options: TlsOptions): Promise<() => void> {
    const { clientAuth: asked, ...rest } = options
    const before = this.#options.clientAuth
    const next = before === undefined ? rest : { ...rest, clientAuth: { ...before, ca: asked?.ca ?? before.ca } }
    const loaded = await load(next)
    return () => {
      this.#options = next
      this.#use(loaded)
      this.#watch()
      // The files may have changed since they were read.
      void this.reload()
    }
  }

  /** Reads the files again. Connections go on with what they have; what cannot be used changes nothing and is logged. */
  reload(): Promise<void> {
    return (this.#reloading = this.#reloading.then(() => this.#reload()))
  }

  async #reload(): Promise<void> {
    if (this.#isDisposed) return
    try {
      const options = this.#options
      const loaded = await load(options)
      // Others were put in place meanwhile.
      if (options !== this.#options) return
      if (loaded.texts.join('') === this.#loaded.texts.join('')) return
      this.#use(loaded)
      this.#how.log.info('certificates reloaded')
    } catch (thrown) {
      this.#how.log.error('certificates could not be reloaded; the last good ones stay', { reason: (thrown as Error).message })
    }
  }

  /** Connections without a name, and the keys of session tickets: tickets that were given under other certificates hold no longer. */
  #use(loaded: Loaded): void {
    const { table, ca } = loaded
    const { cert, key } = table.first
    const { ticketSecret } = this.#options
    this.server.setSecureContext({
      cert,
      key,
      minVersion: this.#options.minVersion ?? 'TLSv1.2',
      ...(ca === undefined ? {} : { ca }),
    })
    if (ticketSecret !== undefined) this.server.setTicketKeys(ticketKeys(ticketSecret, loaded))
    const isOther = ca !== this.#loaded.ca
    this.#loaded = loaded
    if (isOther) this.#how.distrusted?.()
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true
    this.#watching?.[Symbol.dispose]()
  }
}
