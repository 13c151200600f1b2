import { placeOf } from './place.ts'
import type { Changeable } from './options.ts'

const SEGMENT = /^[A-Za-z0-9._~-]{1,255}$/

/** Throws `TypeError` for a name that cannot be part of a path. */
export function checkSegment(name: string, value: unknown): void {
  if (typeof value !== 'string' || !SEGMENT.test(value) || value === '.' || value === '..')
    throw new TypeError(`${name} must be 1 to 255 letters, digits and . _ ~ -, not ${JSON.stringify(value)}`)
}

/** Throws `TypeError` for options that every gateway would refuse. */
export function checkOptions({ version, address, instance, routing, webhook, endpoints }: Changeable): void {
  if (typeof version !== 'string') throw new TypeError('version must be a text such as v1.2.0')
  if (address !== undefined) placeOf(address)
  percent('instance.weight', instance?.weight)
  percent('instance.deployment.traffic_percent', instance?.deployment?.traffic_percent)
  percent('routing.priority', routing?.priority)
  const strategy = routing?.strategy
  if (strategy === 'custom') checkBasePath(routing?.base_path)
  if (strategy === 'subdomain' && !/^(?!-)[a-z0-9-]{1,63}(?<!-)$/.test(routing?.subdomain ?? ''))
    throw new TypeError('routing.subdomain must be one DNS label of lower-case letters, digits and -')
  if (strategy === 'versioned') checkSegment('version, with the versioned strategy,', version)
  if (webhook?.secret === '') throw new TypeError('webhook.secret must not be empty: anyone could sign')
  if (webhook?.path !== undefined && !webhook.path.startsWith('/')) throw new TypeError('webhook.path must begin with /')
  if (endpoints?.health === '') throw new TypeError('endpoints.health must not be empty')
}

function checkBasePath(path: string | undefined): void {
  const segments = (path ?? '').replace(/^\//, '').replace(/\/$/, '').split('/')
  if (path === undefined || path === '' || (path !== '/' && !segments.every((part) => SEGMENT.test(part) && part !== '.' && part !== '..')))
    throw new TypeError('routing.base_path, with the custom strategy, must be a path such as /api/v2 of letters, digits and . _ ~ -')
}

function percent(name: string, value: number | undefined): void {
  if (value !== undefined && (!Number.isInteger(value) || value < 0 || value > 100))
    throw new TypeError(`${name} must be a whole number between 0 and 100`)
}
