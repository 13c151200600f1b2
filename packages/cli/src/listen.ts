import { EXIT, Ending } from './exit.ts'

/** A listener, as the configuration calls it. */
export interface ListenerName {
  readonly what: string
  /** The key that changes its port. */
  readonly key: string
  readonly host: string
  readonly port: number
}

/** Starts what listens under these names. When an address cannot be had, throws an `Ending` that says what to do next. */
export async function listen<T>(names: readonly [ListenerName, ...ListenerName[]], start: () => Promise<T>): Promise<T> {
  try {
    return await start()
  } catch (error) {
    const port = (error as { readonly port?: unknown } | null)?.port
    throw describe(names.find((name) => name.port === port) ?? names[0], error)
  }
}

function describe({ what, key, host, port }: ListenerName, error: unknown): unknown {
  const code = (error as { readonly code?: unknown } | null)?.code
  if (code === 'EADDRINUSE') {
    return new Ending(
      EXIT.addressInUse,
      [
        `octopus: port ${port} is in use, so the ${what} listener cannot start on ${host}.`,
        `  See who has it:     ${whoListens(port)}`,
        `  Or take another:    change ${key} in the configuration`,
      ].join('\n'),
    )
  }
  if (code === 'EACCES') {
    return new Ending(
      EXIT.failure,
      `octopus: this user may not open port ${port} for the ${what} listener; use a port from 1024 up: change ${key} in the configuration`,
    )
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new Ending(
      EXIT.config,
      `octopus: ${host} is not an address of this machine, so the ${what} listener cannot start; correct it in the configuration`,
    )
  }
  return error
}

function whoListens(port: number): string {
  if (process.platform === 'win32') return `netstat -ano | findstr :${port}`
  return process.platform === 'linux' ? `ss -ltnp 'sport = :${port}'` : `lsof -nP -iTCP:${port} -sTCP:LISTEN`
}
