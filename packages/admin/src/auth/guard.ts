import { addressKey } from '../connection.ts'
import { createVerifier } from './verifier.ts'
import { parseBasic } from './credential.ts'
import { problem } from '../answers.ts'
import type { AdminAuth } from '../options.ts'
import type { Connection } from '../connection.ts'
import type { Logger } from '@octopus-gateway/core'

/** Resolves with the refusal, or with `undefined` when the request may pass. */
export type Guard = (request: Request, connection: Connection) => Promise<Response | undefined>

/** HTTP Basic authentication (RFC 7617). Whatever goes wrong inside denies. */
export function basicGuard(auth: AdminAuth, log: Logger | undefined): Guard {
  const verifier = createVerifier(auth)
  return async (request, connection) => {
    const credential = parseBasic(request.headers.get('authorization'))
    if (credential === undefined) return unauthorized()
    const address = addressKey(connection.remote)
    try {
      const verdict = await verifier.verify(credential, address)
      if (verdict.result === 'accepted') return undefined
      if (verdict.result === 'wait') return tooMany(verdict.wait)
      log?.warn('admin: a credential was refused', { address })
      return unauthorized()
    } catch (thrown) {
      log?.error('admin: credentials cannot be checked', { error: thrown instanceof Error ? thrown.message : String(thrown) })
      return problem({ status: 503, code: 'AUTH_UNAVAILABLE', title: 'Credentials cannot be checked at the moment' })
    }
  }
}

function unauthorized(): Response {
  const headers = { 'www-authenticate': 'Basic realm="octopus", charset="UTF-8"' }
  return problem({ status: 401, code: 'UNAUTHORIZED', title: 'The admin API needs a user name and a password', headers })
}

function tooMany(wait: number): Response {
  const headers = { 'retry-after': String(Math.max(1, Math.ceil(wait / 1000))) }
  return problem({ status: 429, code: 'TOO_MANY_ATTEMPTS', title: 'Too many attempts: wait before the next one', headers })
}
