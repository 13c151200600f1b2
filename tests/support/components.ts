import { accessSync, constants, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { spawnSync } from 'node:child_process'

/** Where Debian puts programs that are not on everybody's PATH. */
const FURTHER = ['/usr/sbin', '/usr/local/sbin', '/sbin']
/** Another Python on the PATH knows nothing of Debian's packages. */
const PYTHON = '/usr/bin/python3'

function find(program: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...FURTHER]
  return folders
    .map((folder) => join(folder, program))
    .find((path) => {
      if (!existsSync(path)) return false
      accessSync(path, constants.X_OK)
      return true
    })
}

/**
 * The path of a program that a test needs and this repository does not bring (`promtool`, `nginx`…), or `undefined` where it is missing:
 * skip the test then. The closing lines of `npm test` name what was missing. With `CI=true` a missing program is an error.
 */
export function requireComponent(program: string): string | undefined {
  const path = find(program)
  if (path !== undefined) return path
  return missingComponent(program, 'npm run test:components')
}

/** The path of Debian's Python when it can import a module, or `undefined`, as for a program that is missing. */
export function requirePythonModule(module: string): string | undefined {
  const { status } = spawnSync(PYTHON, ['-c', `import ${module}`], { stdio: 'ignore' })
  return status === 0 ? PYTHON : missingComponent(`python3-${module}`, 'npm run test:components')
}

/** Notes that a component is missing, for the closing lines; with `CI=true` it throws, with the command that installs it. */
export function missingComponent(name: string, remedy: string): undefined {
  if (process.env['CI'] === 'true') throw new Error(`${name} is missing, and CI=true allows no skipping. Run "${remedy}".`)
  return notAllowed(name)
}

/** Notes what a machine does not let its users do, for the closing lines: no command gives that, so it is no error with `CI=true` either. */
export function notAllowed(name: string): undefined {
  const record = process.env['OCTOPUS_MISSING_COMPONENTS']
  if (record !== undefined) {
    mkdirSync(record, { recursive: true })
    writeFileSync(join(record, name), '')
  }
  return undefined
}
