/** Paths by which a service describes itself: they are for the gateway, not for its clients. */
export function isIntrospection(path: string): boolean {
  if (path === '/' || path === '/health' || path === '/_farp' || path === '/_') return true
  return ['/_farp/', '/_/', '/docs', '/openapi', '/asyncapi'].some((start) => path.startsWith(start))
}
