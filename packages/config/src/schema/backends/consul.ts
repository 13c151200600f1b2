import { notYet } from './not-yet.ts'

export const consul = notYet('Services of Consul.', {
  address: 'Address of the agent.',
  scheme: 'http or https.',
  token: 'Access token.',
  datacenter: 'Datacenter to ask.',
  namespace: 'Namespace to ask.',
  tags: 'Tags a service must carry.',
  filter: 'Filter expression.',
  passing_only: 'Whether only passing instances take part.',
  consistency: 'Consistency mode.',
  tls: 'TLS towards the agent.',
})
