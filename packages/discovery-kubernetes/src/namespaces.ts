import type { Access } from './access/access.ts'
import type { Settings } from './options.ts'

/** The namespaces that are watched, each once; one `undefined` for all of them. */
export function namespacesOf({ namespace }: Settings, access: Access): readonly (string | undefined)[] {
  if (namespace === '*') return [undefined]
  return [...new Set([namespace ?? access.namespace].flat())]
}
