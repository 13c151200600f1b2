import { createGateway, type DiscoveryProvider, type Gateway, type Logger } from '@octopus-gateway/core'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { loadConfig } from '@octopus-gateway/config'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { onTestFinished } from 'vitest'
import { tmpdir } from 'node:os'
import { waitFor } from '@octopus-gateway/testing'

/** A line of a log. */
export interface Line {
  readonly level: keyof Logger
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>> | undefined
}

/** A gateway with one provider, whose log is written into `lines`. For tests that run side by side, which close it themselves. */
export function gatewayWith(provider: DiscoveryProvider, lines: Line[] = []): Gateway {
  const at =
    (level: keyof Logger): Logger['info'] =>
    (message, fields) =>
      void lines.push({ level, message, fields })
  return createGateway({ discovery: [provider], log: { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') } })
}

/** The same, closed at the end of the test. */
export function watched(provider: DiscoveryProvider, lines?: Line[]): Gateway {
  const gateway = gatewayWith(provider, lines)
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  return gateway
}

export const idsOf = ({ services }: Gateway): string[] => services.map(({ id }) => id)

/** Why its provider fails, as soon as it does. */
export const errorOf = (gateway: Gateway): Promise<string> => waitFor(() => gateway.providers[0]!.error)

/** A path in `examples`. */
export const examplePath = (path: string): string => fileURLToPath(new URL(`../../examples/${path}`, import.meta.url))

/** A gateway as an example configures it, with this `discovery` over its own. Closed at the end of the test. */
export async function exampleGateway(name: string, discovery: string): Promise<Gateway> {
  const folder = mkdtempSync(join(tmpdir(), 'octopus-example-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const here = join(folder, 'here.yaml')
  writeFileSync(here, `discovery: ${discovery}\n`)
  const { gateway: options } = await loadConfig([examplePath(`${name}/octopus.yaml`), here], {
    env: {},
    import: (specifier) => import(specifier),
  })
  const gateway = createGateway({ discovery: options.discovery! })
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  return gateway
}
