import type { ServiceRecord } from './record.ts'

/**
 * Annotations for the Service, or for the pods. They name paths and the port, never a URL: a Service stands for many pods, and a gateway asks each
 * at its own address.
 */
export function kubernetesAnnotations({ metadata, port, tags, version }: ServiceRecord): Record<string, string> {
  const paths = Object.entries(metadata).filter(([name]) => name.startsWith('farp.') && name.endsWith('.path'))
  return {
    'farp.enabled': 'true',
    ...Object.fromEntries(paths),
    'farp.capabilities': metadata['farp.capabilities']!,
    'farp.port': String(port),
    'farp.tags': tags.join(','),
    'farp.version': metadata['farp.version']!,
    ...(metadata['farp.grpc.reflection'] === undefined ? {} : { 'farp.grpc.reflection': 'true' }),
    ...(metadata['scheme'] === 'https' ? { scheme: 'https' } : {}),
    ...(version === '' ? {} : { 'farp.service.version': version }),
  }
}

/** Labels for the Service: the markers that gateways select by. Label values hold neither URLs nor paths. */
export function kubernetesLabels({ version }: ServiceRecord): Record<string, string> {
  const isLabel = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(version)
  return { 'farp.enabled': 'true', 'farp.io/enabled': 'true', ...(isLabel ? { 'app.kubernetes.io/version': version, version } : {}) }
}
