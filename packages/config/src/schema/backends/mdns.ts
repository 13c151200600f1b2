import { notYet } from './not-yet.ts'

export const mdns = notYet('Services of the local network.', { service_types: 'Types to look for.', domain: 'Domain to look in.' })
