import type { TlsContext } from '@octopus-gateway/discovery-support'

/** How the API server is reached, and as whom. */
export interface Access {
  readonly server: URL
  readonly tls: TlsContext
  /** The bearer token as it is now: service accounts get a new one every hour. */
  token(): Promise<string | undefined>
  /** Where whoever asks is. */
  readonly namespace: string
  /** Where to look when the server refuses who asks. */
  readonly remedy: string
}
