import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** A server of grpcio with the health service that ends with the test. The statuses are by service name. */
export async function pythonHealthService(
  python: string,
  statuses: Readonly<Record<string, number>>,
): Promise<{ readonly origin: string }> {
  const script = join(import.meta.dirname, 'health_server.py')
  const child = spawn(python, [script, JSON.stringify(statuses)], { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { origin: `http://127.0.0.1:${/port (\d+)/.exec(line.toString())![1]}` }
}
