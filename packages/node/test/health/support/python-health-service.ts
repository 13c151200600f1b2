import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { Program } from '../../../../../tests/support/process.ts'

/** A server of grpcio with the health service that ends with the test. The statuses are by service name. */
export async function pythonHealthService(
  python: string,
  statuses: Readonly<Record<string, number>>,
): Promise<{ readonly origin: string }> {
  const program = new Program(python, ['-u', join(import.meta.dirname, 'health_server.py'), JSON.stringify(statuses)], {
    PYTHONDONTWRITEBYTECODE: '1',
  })
  onTestFinished(() => program[Symbol.asyncDispose]())
  await program.printed('ready')
  return { origin: `http://127.0.0.1:${/port (\d+)/.exec(program.output)![1]}` }
}
