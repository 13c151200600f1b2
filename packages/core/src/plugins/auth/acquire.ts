import { ConfigError, toGatewayError } from '../../errors.ts'
import type { AuthProvider } from './provider.ts'
import type { ConfigIssue } from '../../errors.ts'
import type { Named } from './inquiry.ts'
import type { PluginHost } from '../../plugin/plugin.ts'

/** Providers that are set up. */
export interface Providing {
  readonly list: readonly Named[]
  /** Lets go of all of them. Rejects with the first failure, after all were told. */
  release(): Promise<void>
}

/** Sets providers up. Rejects with one `ConfigError` for all of them; then nothing is held. */
export async function acquireProviders(providers: readonly AuthProvider[], host: PluginHost): Promise<Providing> {
  const list: Named[] = []
  const issues: ConfigIssue[] = []
  const release = async (): Promise<void> => {
    const ends = await Promise.allSettled(list.map(async ({ authenticator }) => authenticator[Symbol.asyncDispose]?.()))
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  }
  for (const provider of providers) {
    try {
      list.push({ name: provider.name, authenticator: await provider.setup(host) })
    } catch (thrown) {
      const error = toGatewayError(thrown)
      const path = `auth provider ${provider.name}`
      if (error instanceof ConfigError) issues.push(...error.issues)
      else issues.push({ code: 'provider_failed', path, message: `The auth provider could not be set up: ${error.message}` })
    }
  }
  if (issues.length === 0) return { list, release }
  await release()
  throw new ConfigError(issues)
}
