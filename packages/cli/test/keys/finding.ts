import { afterAll, expect } from 'vitest'
import { refused, running, type RunOptions, type Running } from './running.ts'
import { startService, waitFor, type Service } from '@octopus-gateway/testing'

/** Two instances that tell their names, `one` and `two`, until the file of the test is over. */
export async function startTwo(): Promise<readonly [one: Service, two: Service]> {
  const [one, two] = [await startService({ name: 'one' }), await startService({ name: 'two' })]
  afterAll(async () => {
    for (const service of [one, two]) await service[Symbol.asyncDispose]()
  })
  return [one, two]
}

/** A route for every path to the service `users` that discovery finds. */
export const TO_USERS =
  'farp: { enabled: false }\nupstreams: [{ name: up, service: users, host: upstream }]\nroutes: [{ path: /*, upstream: up, retries: 0 }]\n'

/** The instances that answer, by their names. */
export async function namesAt(gateway: Running): Promise<unknown[]> {
  const answers = await Promise.all(Array.from({ length: 4 }, () => gateway.json('/')))
  return [...new Set(answers.map(({ name }) => name))].sort()
}

/** Why a backend finds nothing; `hunter2` is in no line. The gateway serves without the admin API: nobody waits for what never comes. */
export async function problemWith(yaml: string, options: RunOptions = {}): Promise<string> {
  await using gateway = await running(`admin: { enabled: false }\n${yaml}`, options)
  const failure = await waitFor(() => gateway.lines.find(({ message }) => String(message).startsWith('discovery provider failed')))
  expect(gateway.cli.out).not.toContain('hunter2')
  return String(failure['reason'])
}

/** What must not start: each text, put into a configuration, is refused with its problem. `hunter2` is not repeated. */
export async function expectRefused(
  yamlOf: (text: string) => string,
  problems: readonly (readonly [text: string, problem: RegExp])[],
): Promise<void> {
  for (const [text, problem] of problems) {
    const { code, err } = await refused(yamlOf(text))
    expect([code, err], text).toEqual([78, expect.stringMatching(problem)])
    expect(err).not.toContain('hunter2')
  }
}
