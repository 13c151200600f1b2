/** One upstream `up` of 127.0.0.1 on these ports, and a route to it for every path. `more` are further keys of upstream and route. */
export function upstream(ports: number | readonly number[], more: { readonly upstream?: string; readonly route?: string } = {}): string {
  const instances = [ports].flat().map((port) => `{ address: 127.0.0.1, port: ${port} }`)
  return (
    `upstreams: [{ name: up, instances: [${instances.join(', ')}]${more.upstream === undefined ? '' : `, ${more.upstream}`} }]\n` +
    `routes: [{ path: /*, upstream: up${more.route === undefined ? '' : `, ${more.route}`} }]\n`
  )
}

/** A static service. */
export function discovered(name: string, port: number, more = ''): string {
  return `{ name: ${name}, address: 127.0.0.1, port: ${port}${more === '' ? '' : `, ${more}`} }`
}

/** Static discovery with these services. */
export function discovery(...services: readonly string[]): string {
  return `discovery: { backend: static, static: { services: [${services.join(', ')}] } }\n`
}
