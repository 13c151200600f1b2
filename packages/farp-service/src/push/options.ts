/** How to register with a gateway. */
export interface RegisterOptions {
  /** Where its push protocol is: `http://gateway:9090`. The path `/_farp/v1` is added. */
  readonly gateway: string
  /** Sent as a bearer token, never logged. */
  readonly token?: string
  /** The host or IP address at which the gateway reaches this instance. Default: that of the service's `address`. */
  readonly address?: string
  /** Default: that of the service's `address`. */
  readonly port?: number
  /** Milliseconds between heartbeats. Default 10000. */
  readonly heartbeat?: number
  /** Milliseconds to wait after the first failure; doubles with every further one, up to `retryMax`. Default 2000. */
  readonly retry?: number
  /** Milliseconds. Default 60000. */
  readonly retryMax?: number
  /** Milliseconds that one call may take. Default 5000. */
  readonly timeout?: number
  /** Sends the calls. Default: the runtime's `fetch`. Bring another one for client certificates. */
  readonly fetch?: (url: URL, init: RequestInit) => Promise<Response>
}

/** A registration with one gateway. It lasts until it is closed, whatever happens to the gateway meanwhile. */
export interface Registration extends AsyncDisposable {
  /** `true` when the gateway has first accepted it, `false` when it was closed before. Never rejects. */
  readonly registered: Promise<boolean>
  /** Stops the heartbeats and deregisters. Never rejects: a gateway that is gone needs no farewell. */
  close(): Promise<void>
}
