import { notYet } from './not-yet.ts'

export const eureka = notYet('Services of Eureka.', {
  servers: 'Addresses of the servers.',
  interval: 'How often to ask.',
  zone: 'Preferred zone.',
  username: 'User name.',
  password: 'Password.',
  register: 'Whether the gateway registers itself.',
})
