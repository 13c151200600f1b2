import { notYet } from './not-yet.ts'

export const etcd = notYet('Services of etcd.', {
  endpoints: 'Addresses of the cluster.',
  prefixes: 'Key prefixes to watch.',
  username: 'User name.',
  password: 'Password.',
  tls: 'TLS towards the cluster.',
})
