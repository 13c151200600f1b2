import { setTimeout as sleep } from 'node:timers/promises'

const PREFIXES = ['/users/', '/orders/', '/catalog/']

async function documentedPaths(admin: string): Promise<string[]> {
  const response = await fetch(`${admin}/_/openapi.json`, { signal: AbortSignal.timeout(1_000) })
  if (!response.ok) return []
  const { paths } = (await response.json()) as { paths?: object }
  return Object.keys(paths ?? {})
}

/** Resolves when the gateway has found all three services, so that the printed commands work at once. */
export async function routesAreThere(admin: string, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!signal.aborted) {
    // Refused connections are how a gateway that is still starting looks from outside.
    const paths = await documentedPaths(admin).catch(() => [])
    if (PREFIXES.every((prefix) => paths.some((path) => path.startsWith(prefix)))) return
    if (Date.now() > deadline) throw new Error(`The gateway has not found all services within 30 s. What it knows: ${admin}/_/services`)
    await sleep(50)
  }
}
