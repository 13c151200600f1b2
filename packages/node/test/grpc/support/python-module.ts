import { requireComponent } from '../../../../../tests/support/components.ts'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** The Python that has a module which Debian brings as a package, or `undefined`; see `requireComponent`. */
export function requirePythonModule(name: string): string | undefined {
  // Debian's modules are for Debian's own Python, whichever comes first on the PATH.
  const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : requireComponent('python3')
  if (python !== undefined && spawnSync(python, ['-c', `import ${name}`]).status === 0) return python
  return requireComponent(`python3-${name}`)
}
