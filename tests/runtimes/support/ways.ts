import { join } from 'node:path'
import { Program, root } from '../../support/process.ts'
import { requireRuntime, type RuntimeName } from '../../support/runtimes.ts'

/** A runtime, and how it serves the gateway of `app/gateway.mjs`. */
export interface Way {
  readonly title: string
  /** Command and arguments; `undefined` where the runtime is missing. */
  readonly command: readonly [string, ...string[]] | undefined
  readonly app: string
  /** Whether the gateway is behind `gateway.fetch`, which knows less of a connection than `serve()`. */
  readonly isFetch: boolean
}

function command(name: RuntimeName, ...flags: readonly string[]): readonly [string, ...string[]] | undefined {
  const program = requireRuntime(name)
  return program === undefined ? undefined : [program, ...flags]
}

/** Core needs no file, no variable and no other part of the machine: Deno may reach the loopback address and nothing else. */
const DENO_FLAGS = ['run', '--no-prompt', '--no-lock', '--node-modules-dir=manual', '--allow-net=127.0.0.1']

const byFetch = (title: string, app: string, start: Way['command']): Way => ({ title, app, command: start, isFetch: true })
const byServe = (title: string, start: Way['command']): Way => ({ title, app: 'node-serve.mjs', command: start, isFetch: false })

/** Every runtime of the matrix. */
export const WAYS: readonly Way[] = [
  byFetch('this Node, gateway.fetch', 'node-fetch.mjs', [process.execPath]),
  byServe('this Node, serve()', [process.execPath]),
  byFetch('Bun.serve', 'bun.mjs', command('bun', 'run')),
  byFetch('Deno.serve', 'deno.mjs', command('deno', ...DENO_FLAGS)),
  byFetch('Node 22, gateway.fetch', 'node-fetch.mjs', command('node-22')),
  byServe('Node 22, serve()', command('node-22')),
  byFetch('Node 24, gateway.fetch', 'node-fetch.mjs', command('node-24')),
  byServe('Node 24, serve()', command('node-24')),
]

/** A gateway as a process of its runtime. */
export interface RunningWay extends AsyncDisposable {
  readonly port: number
  readonly origin: string
}

/** Starts a way's program with the origin of its service and one where nobody listens. */
export async function startWay(way: Way, service: string, closed: string): Promise<RunningWay> {
  if (way.command === undefined) throw new Error(`${way.title} is missing`)
  const [program, ...flags] = way.command
  const running = new Program(program, [...flags, join(root, 'tests/runtimes/app', way.app), service, closed])
  await running.printed('.\n')
  const port = Number(/listening on (\d+)\./.exec(running.output)?.[1])
  return { port, origin: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() }
}
