import { join } from 'node:path'
import { Program, freePort, root } from './process.ts'
import { assertBuilt } from '../../scripts/lib/build.mjs'

/** An example as its own process on a free port: its built program, as its README starts it. */
export interface RunningExample extends AsyncDisposable {
  readonly url: string
  readonly program: Program
}

/** Starts `examples/<name>` and waits until it says that it listens. Fails when its dist is older than its source. */
export async function startExample(name: string, env: Readonly<Record<string, string>> = {}): Promise<RunningExample> {
  assertBuilt(`examples/${name}`)
  const port = await freePort()
  const program = Program.node(join(root, 'examples', name, 'dist/index.js'), [], { ...env, PORT: String(port) })
  await program.printed(`:${port}`)
  return { url: `http://127.0.0.1:${port}`, program, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() }
}
