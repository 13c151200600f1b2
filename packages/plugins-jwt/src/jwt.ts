import { auth } from '@octopus-gateway/core/plugins'
import { NAME, jwtProvider } from './provider.ts'
import { jwtOptions } from './options.ts'
import type { JwtOptions } from './options.ts'
import type { Plugin } from '@octopus-gateway/core'

/** What `jwt` carries for configuration files: they check the options, and hand the provider to an `auth` that asks others too. */
export interface JwtFactory {
  (config: JwtOptions): Plugin
  /** `jwt-auth`. */
  readonly pluginName: string
  /** Checks a configuration. */
  readonly config: typeof jwtOptions
  readonly provider: typeof jwtProvider
}

/**
 * Lets only callers with a good JSON Web Token in: `auth({ providers: [jwtProvider(config)] })`. With other providers beside it, or with options
 * of `auth` such as `skipPaths`, write that instead.
 */
export const jwt: JwtFactory = Object.assign((config: JwtOptions): Plugin => auth({ providers: [jwtProvider(config)] }), {
  pluginName: NAME,
  config: jwtOptions,
  provider: jwtProvider,
})
