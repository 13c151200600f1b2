/** Where an instance is in its life. A gateway sends requests to `healthy` and `degraded` ones. */
export type Status = 'starting' | 'healthy' | 'degraded' | 'unhealthy' | 'draining' | 'stopping'

/** What an instance says of itself. Written as in the manifest. */
export interface Instance {
  readonly region?: string
  readonly zone?: string
  readonly labels?: Readonly<Record<string, string>>
  /** Its share of the traffic, 0 to 100. Default 100; 0 gets nothing. */
  readonly weight?: number
  /** Its part in a deployment. Default `primary`. */
  readonly role?: 'primary' | 'canary' | 'blue' | 'green' | 'shadow'
  readonly deployment?: Deployment
  /** The manifest checksum that the new generation should have, to notice an instance that was built from something else. */
  readonly expected_schema_checksum?: string
}

/** The deployment that an instance belongs to. */
export interface Deployment {
  readonly deployment_id: string
  readonly strategy: 'rolling' | 'canary' | 'blue_green' | 'shadow' | 'recreate'
  /** 0 to 100: for canaries and colours. */
  readonly traffic_percent?: number
  readonly stage?: 'canary' | 'rollout' | 'stable'
  /** Unix seconds. Default: when the service started. */
  readonly deployed_at?: number
}
