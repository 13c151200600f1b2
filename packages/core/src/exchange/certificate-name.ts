import { parseAddress } from './client.ts'

/** By kind, as `ClientCertificate.names` has them: the one form of a name that others can be compared with; `undefined` for what is none. */
const KINDS: ReadonlyMap<string, (value: string) => string | undefined> = new Map([
  // No `*`: a certificate for all names below another identifies none of them.
  ['DNS', (value: string) => (/^(?=.{1,253}$)[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i.test(value) ? value.toLowerCase() : undefined)],
  ['URI', (value: string) => (/^[a-z][a-z0-9+.-]*:[!-~]+$/i.test(value) ? value : undefined)],
  ['email', (value: string) => (/^[!-?A-~]+@[!-?A-~]+$/.test(value) ? value : undefined)],
  ['IP', (value: string) => parseAddress(value)?.join('.')],
])

/**
 * What stands for a client certificate where a rule names one, in the form in which both sides are compared: a whole alternative name
 * (`DNS:users.internal`, `URI:spiffe://shop/users`, `email:…`, `IP:…`), hosts in lower case, or the SHA-256 fingerprint, with or without
 * colons. `undefined` for everything else, wildcards and common names included.
 */
export function certificateName(text: string): string | undefined {
  if (/^[0-9a-f]{2}(?::?[0-9a-f]{2}){31}$/i.test(text)) return text.replaceAll(':', '').toLowerCase()
  const [, kind = '', value = ''] = /^([A-Za-z]+):(.+)$/.exec(text) ?? []
  const plain = KINDS.get(kind)?.(value)
  return plain === undefined ? undefined : `${kind}:${plain}`
}
