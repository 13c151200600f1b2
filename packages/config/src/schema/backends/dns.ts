import { notYet } from './not-yet.ts'

export const dns = notYet('Services of DNS.', {
  names: 'Names to resolve.',
  servers: 'Servers to ask.',
  interval: 'How often to ask.',
})
