import { clean } from '../text.ts'
import { compareText } from '../semver.ts'
import { nameOfSchema } from '../schemas/load.ts'
import type { FederatedService } from '../merge/input.ts'
import type { InstanceView } from '../source/view.ts'
import type { Material } from './federation.ts'

/** Services whose manifest lists a schema that no instance of them could supply. */
export function unreadableOf(views: Iterable<InstanceView>, documents: readonly FederatedService[]): Material['unreadable'] {
  const readable = new Set(documents.map(({ name, kind }) => `${kind} ${name}`))
  const found = new Map<string, Material['unreadable'][0]>()
  for (const { manifest, schemas, findings } of views) {
    for (const descriptor of manifest?.schemas ?? []) {
      const key = `${descriptor.type} ${manifest!.serviceName}`
      if (readable.has(key) || found.has(key) || schemas.some((loaded) => loaded.content.type === descriptor.type)) continue
      const name = nameOfSchema(descriptor.type)
      const why = findings.find(({ severity, message }) => severity === 'error' && message.includes(name))
      found.set(key, {
        service: clean(manifest!.serviceName, 200),
        kind: descriptor.type,
        reason: why?.message ?? `${name} could not be had`,
      })
    }
  }
  return [...found.values()].sort((a, b) => compareText(a.service, b.service) || compareText(a.kind, b.kind))
}
