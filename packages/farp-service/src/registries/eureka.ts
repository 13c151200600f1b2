import type { ServiceRecord } from './record.ts'

/** `metadata` for a Eureka instance. Eureka takes names with dots; its XML form needs names that are XML names, which these are. */
export function eurekaMetadata({ metadata, id, version }: ServiceRecord): Record<string, string> {
  return { ...metadata, instance_id: id, version }
}
