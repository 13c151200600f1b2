import * as v from 'valibot'
import { ConfigError } from '@octopus-gateway/core'
import { KEY_SERVER, systemClock } from './limits.ts'
import { PUBLIC_KEY_ALGORITHMS } from './algorithms.ts'
import { KeyProblem, importPem, readKeyText } from './keys/pem.ts'
import { KeyServer } from './keys/key-server.ts'
import { TokenCache } from './token/cache.ts'
import { fixedKey, fixedKeys } from './keys/key.ts'
import { importSecret } from './keys/secret.ts'
import { jwtOptions } from './options.ts'
import { tokenReader } from './token/source.ts'
import { verify } from './verify.ts'
import type { Algorithm } from './algorithms.ts'
import type { AuthProvider, Authenticator, Denial, Identity } from '@octopus-gateway/core/plugins'
import type { Clock, KeyServerLimits } from './limits.ts'
import type { JwtOptions, Settings } from './options.ts'
import type { KeyProvider } from './keys/key.ts'
import type { Logger, MaybePromise, RequestContext } from '@octopus-gateway/core'
import type { Verification } from './verify.ts'

/** The name of the provider, and of the plugin in a configuration file. */
export const NAME = 'jwt-auth'

/** What tests turn. */
export interface Surroundings {
  readonly clock: Clock
  readonly limits: KeyServerLimits
}

/** A provider with clocks and limits of the caller's choice. */
export function createProvider(config: JwtOptions, name: string, { clock, limits }: Surroundings): AuthProvider {
  return {
    name,
    identity: { name, version: '0.0.0', config },
    async setup({ log }) {
      const settings = settingsOf(config, name)
      const { keys, algorithms } = await openKeys(settings, name, { clock, limits, log })
      const cache = new TokenCache(settings.cache)
      const verification: Verification = { provider: name, keys, algorithms: new Set(algorithms), rules: settings }
      return new TokenAuthenticator({ read: tokenReader(settings.from), cache, verification, clock })
    },
  }
}

/**
 * Knows callers by JSON Web Tokens (RFC 7519), signed with HS, RS, PS or ES 256 to 512, or EdDSA. For `auth({ providers: [jwtProvider({ … })] })`.
 * @param name told apart by this name in `routes[].auth.providers`, where there are several. Default `jwt-auth`.
 */
export function jwtProvider(config: JwtOptions, name: string = NAME): AuthProvider {
  return createProvider(config, name, { clock: systemClock, limits: KEY_SERVER })
}

interface Parts {
  readonly read: ReturnType<typeof tokenReader>
  readonly cache: TokenCache
  readonly verification: Verification
  readonly clock: Clock
}

class TokenAuthenticator implements Authenticator {
  readonly scheme = 'Bearer'
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  authenticate(ctx: RequestContext): MaybePromise<Identity | Denial | null> {
    const { read, cache, verification, clock } = this.#parts
    const token = read(ctx.request)
    if (typeof token !== 'string') return token
    if (verification.keys.isCurrent()) {
      const known = cache.get(token, clock.wall())
      if (known !== undefined) return known
    }
    return this.#verify(token)
  }

  async #verify(token: string): Promise<Identity | Denial> {
    const { cache, verification, clock } = this.#parts
    const result = await verify(token, verification, clock.wall)
    if ('error' in result) return result
    cache.set(token, result)
    return result.identity
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts.verification.keys.close()
    this.#parts.cache.clear()
  }
}

/** Checks options and fills in the defaults. Throws `ConfigError` with every problem, at places below `name`. */
export function settingsOf(config: JwtOptions, name: string): Settings {
  const result = v.safeParse(jwtOptions, config)
  if (result.success) return result.output
  throw new ConfigError(
    result.issues.map((issue) => ({
      code: 'invalid_value',
      path: [name, v.getDotPath(issue)].filter((part) => part !== null).join('.'),
      message: issue.message,
    })),
  )
}

interface Opening extends Surroundings {
  readonly log: Logger
}

interface Opened {
  readonly keys: KeyProvider
  readonly algorithms: Iterable<Algorithm>
}

async function openKeys({ key, algorithms }: Settings, name: string, { clock, limits, log }: Opening): Promise<Opened> {
  if (key.kind === 'jwks') {
    return { keys: new KeyServer({ url: key.url, limits, clock, log }), algorithms: algorithms ?? PUBLIC_KEY_ALGORITHMS }
  }
  const imported = key.kind === 'secret' ? await importSecret(key.secret, algorithms) : await openPem(key.textOrPath, name, algorithms)
  return { keys: fixedKeys(fixedKey(imported)), algorithms: imported.keys() }
}

async function openPem(textOrPath: string, name: string, algorithms: readonly Algorithm[] | undefined) {
  try {
    return await importPem(await readKeyText(textOrPath), algorithms)
  } catch (thrown) {
    if (!(thrown instanceof KeyProblem)) throw thrown
    throw new ConfigError([{ code: 'invalid_value', path: `${name}.publicKey`, message: thrown.message }])
  }
}
