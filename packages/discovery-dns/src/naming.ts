/** Labels in front of SRV names that say how is spoken, not by whom. */
const PROTOCOLS: ReadonlySet<string> = new Set([
  '_http',
  '_https',
  '_http2',
  '_h2',
  '_h2c',
  '_grpc',
  '_grpcs',
  '_web',
  '_ws',
  '_wss',
  '_farp',
])
const SECURE: ReadonlySet<string> = new Set(['_https', '_grpcs', '_wss'])

/** What the service of a name is called where nobody says it: `users` of `_http._tcp.users.test`, `_users._tcp.test` and `users.test`. */
export function serviceOf(name: string): string {
  const labels = name.split('.')
  const [first] = labels
  if (first!.startsWith('_') && !PROTOCOLS.has(first!.toLowerCase())) return first!.slice(1)
  return labels.find((label) => !label.startsWith('_')) ?? first!
}

/** Whether a name says that TLS is spoken. */
export function isSecureName(name: string): boolean {
  return SECURE.has(name.split('.')[0]!.toLowerCase())
}
