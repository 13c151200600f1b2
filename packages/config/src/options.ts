import type { AccessLog, ConfigIssue, GatewayOptions, Logger, LogLevel } from '@octopus-gateway/core'

/** A file and what is in it. */
export interface SourceFile {
  readonly name: string
  readonly text: string
}

/** What reading a configuration needs from the outside. */
export interface ConfigHost {
  /** For `${VAR}` and `DISCOVERY_BACKEND`. */
  readonly env: Readonly<Record<string, string | undefined>>
  /**
   * Loads a package by name, or a module by its `file:` URL: `(specifier) => import(specifier)`, so that the packages are those of the program, not
   * those of this one. `from` is the configuration file that names it.
   */
  import(specifier: string, from?: string): Promise<unknown>
  /** Put into the gateway's options. */
  readonly log?: Logger
  /** Put into the gateway's options. */
  readonly accessLog?: AccessLog
  /** Whether a person reads the output. Decides the default of `observability.logging.format`. */
  readonly isTerminal?: boolean
  /** The default of `observability.logging.level`. Default `info`. */
  readonly logLevel?: LogLevel
  /** Whether the gateway is only looked at: no backend registers it then. Default false. */
  readonly isLooking?: boolean
  /** Called with every file that is read and what is in it, so that it can be watched for changes. Modules and packages are not files in this sense. */
  onRead?(file: string, text: string): void
}

/** The traffic listener. Durations are milliseconds; a limit that is missing, or `Infinity`, is none. */
export interface ServerSettings {
  readonly port: number
  readonly host: string
  readonly timeouts: { readonly header: number; readonly idle: number; readonly keepAlive: number; readonly requestBody?: number }
  /** How many processes carry the traffic; `auto` is one for each core. */
  readonly workers: number | 'auto'
  readonly limits: { readonly connections: number; readonly connectionsPerIp?: number }
  /** Whether HTTP/2 clients that take pushes get them. */
  readonly http2Push: boolean
  /** Who speaks HTTP/1.1 to upstreams. */
  readonly upstreamClient: 'native' | 'undici'
  /** `false` for none. */
  readonly probes: ProbeSettings | false
  /** The listener with TLS, where there is one. */
  readonly tls?: TlsSettings
}

/** The probes of the traffic listeners: three paths, and whether readiness waits for the first discovery. */
export interface ProbeSettings {
  readonly liveness: string
  readonly readiness: string
  readonly startup: string
  readonly requireSync: boolean
}

/** How it ends; milliseconds. */
export interface ShutdownSettings {
  readonly preStopDelay: number
  readonly grace: number
}

/** TLS of the admin listener. Certificates and keys are PEM texts, or absolute paths of files with one. */
export interface AdminTlsSettings {
  /** The first one without `hosts` is for clients that ask for a name nobody has. */
  readonly certificates: readonly { readonly cert: string; readonly key: string; readonly hosts?: readonly string[] }[]
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  readonly clientAuth?: { readonly ca: string; readonly mode: 'required' | 'optional' }
}

/** The TLS listener. */
export interface TlsSettings extends AdminTlsSettings {
  readonly port: number
  readonly redirectHttp: boolean
}

/** The admin listener. */
export interface AdminSettings {
  readonly enabled: boolean
  readonly host: string
  readonly port: number
  readonly auth?: { readonly username: string; readonly passwordHash: string }
  readonly allowUnauthenticated: boolean
  /** HTTPS in the place of HTTP. */
  readonly tls?: AdminTlsSettings
}

/** A configuration made ready: what to make a gateway of, and where to serve it. */
export interface LoadedConfig {
  readonly gateway: GatewayOptions
  readonly server: ServerSettings
  readonly shutdown: ShutdownSettings
  readonly admin: AdminSettings
  readonly metrics: { readonly enabled: boolean; readonly path: string }
  /** Where the store of the gateway is kept: an absolute folder, or one below the working directory. */
  readonly store: { readonly path: string }
  readonly logging: { readonly level: LogLevel; readonly format: 'json' | 'text' }
  /** Every file that was read, in the order of reading. */
  readonly files: readonly string[]
  /** The same with their texts, as they were read: another process that is given them has the same configuration. They may hold secrets. */
  readonly sources: readonly SourceFile[]
  /** Adds file, line and column to an issue that the gateway itself found, such as a path pattern it cannot read. */
  locate(issue: ConfigIssue): ConfigIssue
}
