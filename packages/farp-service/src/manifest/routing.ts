/** Where and how a gateway is asked to mount the routes. Written as in the manifest. */
export interface Routing {
  /**
   * `service` (default): below the service's name. `root`: not below anything, `instance`: below the instance's id, `versioned`: below name and
   * version, `custom`: below `base_path`, `subdomain`: on a host of its own.
   */
  readonly strategy?: 'root' | 'instance' | 'service' | 'versioned' | 'custom' | 'subdomain'
  /** With `custom`: `/api/v2/identity`. */
  readonly base_path?: string
  /** With `subdomain`: one DNS label. */
  readonly subdomain?: string
  /** Rules on the path below the mount, in order, the first that fits wins: regular expressions in Go's RE2 dialect, groups as `$1`. */
  readonly rewrite?: readonly { readonly pattern: string; readonly replacement: string }[]
  /** Whether the gateway removes the mount before it forwards. Default: it does. */
  readonly strip_prefix?: boolean
  /** Who wins when two services claim a path: 0 to 100, the higher one. Default 50. */
  readonly priority?: number
  /** Labels of every route of the service. */
  readonly tags?: readonly string[]
  /** Policies the service asks for, lower `order` first. The gateway decides. */
  readonly middleware?: readonly {
    readonly name: string
    readonly order?: number
    readonly config?: Readonly<Record<string, unknown>>
    readonly required?: boolean
  }[]
  /** How clients choose among versions that run side by side. */
  readonly versioning?: {
    readonly strategy: 'url_path' | 'header' | 'query_param'
    readonly current_version?: string
    readonly supported_versions?: readonly string[]
    readonly default_version?: string
    readonly header_name?: string
    readonly query_param?: string
    readonly deprecation_policy?: { readonly sunset_date?: string; readonly deprecation_date?: string }
  }
  /** Which paths become routes: globs (`*` one segment, `**` any number), the first that fits decides. Default: all. */
  readonly path_rules?: readonly { readonly pattern: string; readonly action: 'include' | 'exclude' }[]
}

/** One route, told instead of derived from the schemas. */
export interface RouteDescriptor {
  /** As the service sees it: `/users/{id}`. */
  readonly path: string
  /** Default: GET for `rest` and `sse`, POST for `grpc` and `graphql`. */
  readonly methods?: readonly string[]
  readonly protocol?: 'rest' | 'grpc' | 'graphql' | 'websocket' | 'sse'
  readonly operation_id?: string
  /** A Go duration such as `5s`. */
  readonly timeout?: string
  readonly rate_limit?: Readonly<Record<string, unknown>>
  readonly cors?: Readonly<Record<string, unknown>>
  readonly middleware?: readonly unknown[]
  readonly cache?: Readonly<Record<string, unknown>>
  readonly metadata?: Readonly<Record<string, unknown>>
  /** The service itself asks nobody who they are here. */
  readonly public?: boolean
  readonly deprecated?: boolean
}
