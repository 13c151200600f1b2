import { firstOf, valueOf, type Metadata } from './metadata.ts'
import { portOf } from '@octopus-gateway/discovery-support'
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
export function chosenPort(service: ServiceView, slice: SliceView, portName: string | undefined): Chosen | undefined {
  const sources = [service.metadata, slice.metadata]
  const annotated = firstOf(sources, ['farp.port'])
  const found = annotated === undefined ? configuredPort(slice, portName) : annotatedPort(annotated, service, slice)
  return found === undefined ? undefined : { port: found.port, secure: isSecure(found, sources) }
}

function configuredPort({ ports }: SliceView, portName: string | undefined): PortView | undefined {
  const named = (name: string): PortView | undefined => ports.find((port) => port.name === name)
  return portName === undefined ? (named('http') ?? named('https') ?? ports[0]) : named(portName)
}

/** A number is a port of the pods, or else of the Service; one that neither knows is taken at its word: pods may listen where nothing is declared. */
function annotatedPort(annotated: string, service: ServiceView, { ports }: SliceView): PortView | undefined {
  const number = /^\d+$/.test(annotated) ? portOf(Number(annotated)) : undefined
  const name = number === undefined ? annotated : service.ports.get(number)
  const found = ports.find(({ port }) => port === number) ?? ports.find((port) => port.name === name)
  return found ?? (number === undefined ? undefined : { name: '', port: number, appProtocol: undefined })
}

function isSecure({ name, appProtocol }: PortView, sources: readonly Metadata[]): boolean {
  for (const metadata of sources) {
    const scheme = (valueOf(metadata, 'scheme') ?? valueOf(metadata, 'farp.scheme'))?.toLowerCase()
    if (scheme === 'https' || scheme === 'http') return scheme === 'https'
  }
  return appProtocol === undefined ? /^https(-|$)/.test(name) : appProtocol === 'https' || appProtocol === 'kubernetes.io/wss'
}
