import * as v from 'valibot'
import { bareHost, hostAndPort, instanceWith, readJson, understand, wordsOf } from '@octopus-gateway/discovery-support'
import { isLocal } from './local.ts'
import { nameOf, PATH } from './ask.ts'
import type { ServiceInstance } from '@octopus-gateway/core'

// Services in Go write null where there is nothing.
const record = v.object({
  service_id: v.nullish(v.string()),
  service_name: v.pipe(v.string(), v.nonEmpty()),
  service_version: v.nullish(v.string()),
  address: v.nullish(v.string()),
  port: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535))),
  tags: v.nullish(v.array(v.string())),
  metadata: v.nullish(v.record(v.string(), v.unknown())),
  farp_enabled: v.nullish(v.boolean()),
})

type Told = v.InferOutput<typeof record>

/** The instance that a seed says it is. Throws an `Outage` when it says nothing of the kind. */
export function instanceIn(text: string, seed: string): ServiceInstance {
  const said = { name: nameOf(seed), product: 'a service that tells who it is', subject: `the question for ${PATH}` }
  return instanceOf(understand(record, readJson(text, said), said), seed)
}

function instanceOf(told: Told, seed: string): ServiceInstance {
  const url = new URL(seed)
  const metadata = metadataOf(told, url, seed)
  const { host, port } = placeOf(told, url)
  return instanceWith({
    id: told.service_id || `${told.service_name}@${host}:${port}`,
    service: told.service_name,
    host,
    port,
    secure: isSecure(metadata['scheme'], port, url),
    ready: true,
    weight: metadata['weight'],
    zone: metadata['zone'],
    version: told.service_version ?? undefined,
    metadata,
  })
}

/** A service knows its own address as others do not: what means only itself is where it was asked. Some write the port behind the address, and none beside it. */
function placeOf({ address, port }: Told, seed: URL): { readonly host: string; readonly port: number } {
  const own = hostAndPort(address ?? '')
  return { host: bareHost(isLocal(own.host) ? seed.hostname : own.host), port: port || own.port || portOf(seed) }
}

function portOf(url: URL): number {
  return Number(url.port || (url.protocol === 'https:' ? 443 : 80))
}

function isSecure(scheme: string | undefined, port: number, seed: URL): boolean {
  return scheme === undefined ? seed.protocol === 'https:' && port === portOf(seed) : scheme.toLowerCase() === 'https'
}

function metadataOf({ metadata, tags, farp_enabled: isEnabled }: Told, url: URL, seed: string): Readonly<Record<string, string>> {
  const texts = [...wordsOf(metadata)].map(([name, value]) => [name, reachable(value, url)] as const)
  const has = (pattern: RegExp): boolean => texts.some(([name]) => pattern.test(name))
  return Object.fromEntries([
    ...(tags?.length ? [['tags', tags.join(',')]] : []),
    ...(typeof isEnabled !== 'boolean' || has(/^farp[._/-](?:io[._/-])?enabled$/i) ? [] : [['farp.enabled', String(isEnabled)]]),
    ...(isEnabled === false || has(/^farp[._/-](?:io[._/-])?manifest(?:[._/-]url)?$/i)
      ? []
      : [['farp.manifest', `${seed}/_farp/manifest`]]),
    ...texts,
  ])
}

/** A URL with a local host leads to the seed's. */
function reachable(text: string, seed: URL): string {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return text
  const url = new URL(text)
  if (!isLocal(url.hostname)) return text
  url.hostname = seed.hostname
  return url.href
}
