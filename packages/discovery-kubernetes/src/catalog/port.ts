import { firstOf, valueOf, type Metadata } from './metadata.ts'
import type { PortView, ServiceView, SliceView } from './views.ts'

/** Where an instance listens, and whether it speaks TLS there. */
export interface Chosen {
  readonly port: number
  readonly secure: boolean
}

/**
 * The port of a slice's endpoints that is used: what the annotation `farp.port` says (a number, or a name), else the one with the configured name and no
 * other, else `http`, `https`, or the first one. `undefined` where there is none.
 */
export function portOf(service: ServiceView, slice: SliceView, portName: string | undefined): Chosen | undefined {
  const sources = [service.metadata, slice.metadata]
  const annotated = firstOf(sources, ['farp.port'])
  if (annotated !== undefined) return annotatedPort(annotated, service, slice)
  const named = (name: string): PortView | undefined => slice.ports.find((port) => port.name === name)
  const found = portName === undefined ? (named('http') ?? named('https') ?? slice.ports[0]) : named(portName)
  return found === undefined ? undefined : { port: found.port, secure: isSecure(found, sources) }
}

/** A number is a port of the pods, or else of the Service; one that neither knows is taken at its word: pods may listen where nothing is declared. */
function annotatedPort(annotated: string, service: ServiceView, slice: SliceView): Chosen | undefined {
  const number = /^\d{1,5}$/.test(annotated) ? Number(annotated) : undefined
  const name = number === undefined ? annotated : service.ports.get(number)
  const found = slice.ports.find(({ port }) => port === number) ?? slice.ports.find((port) => port.name === name)
  const sources = [service.metadata, slice.metadata]
  if (found !== undefined) return { port: found.port, secure: isSecure(found, sources) }
  if (number === undefined || number < 1 || number > 65_535) return undefined
  return { port: number, secure: isSecure(undefined, sources) }
}

function isSecure(port: PortView | undefined, sources: readonly Metadata[]): boolean {
  for (const metadata of sources) {
    const scheme = (valueOf(metadata, 'scheme') ?? valueOf(metadata, 'farp.scheme'))?.toLowerCase()
    if (scheme === 'https' || scheme === 'http') return scheme === 'https'
  }
  if (port?.appProtocol !== undefined) return port.appProtocol === 'https' || port.appProtocol === 'kubernetes.io/wss'
  return port !== undefined && /^https(-|$)/.test(port.name)
}
