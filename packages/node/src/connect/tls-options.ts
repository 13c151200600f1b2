import { checkServerIdentity, createSecureContext } from 'node:tls'
import { isIP } from 'node:net'
import type { ConnectionOptions, SecureContext } from 'node:tls'
import type { Transport } from '@octopus-gateway/core'

/** What is trusted belongs to a transport: its certificates are read once, not for each connection. */
const contexts = new WeakMap<Transport, SecureContext>()

/**
 * TLS towards a host: verification is on unless the transport says otherwise, whatever the environment says. The name expected is the
 * transport's, never one that came with a request.
 */
export function tlsOptions(transport: Transport, host: string): ConnectionOptions {
  const name = transport.tls?.serverName ?? host
  return {
    secureContext: contextOf(transport),
    // An address is not a name for SNI (RFC 6066, section 3); the certificate must still be for it.
    servername: isIP(name) === 0 ? name : '',
    rejectUnauthorized: transport.tls?.verify !== false,
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
  }
}

function contextOf(transport: Transport): SecureContext {
  let context = contexts.get(transport)
  if (context === undefined) {
    const ca = transport.tls?.ca
    context = createSecureContext(ca === undefined ? {} : { ca })
    contexts.set(transport, context)
  }
  return context
}
