import type { ServiceRecord } from './record.ts'

/** Where the record belongs in etcd: `/services/orders/orders-3f…`. Put it with a lease that the service keeps alive. */
export function etcdKey({ service_name: service, id }: ServiceRecord, prefix = '/services'): string {
  return `${prefix.replace(/\/+$/, '')}/${service}/${id}`
}

/** The value for etcd (and for Redis and other stores of JSON): what every known reader looks for, in one object. */
export function etcdValue(record: ServiceRecord): string {
  // One reader knows the service as `service_name`, another as `name`.
  return JSON.stringify({ ...record, name: record.service_name, service_version: record.version })
}
