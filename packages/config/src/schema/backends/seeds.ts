import { notYet } from './not-yet.ts'

export const seeds = notYet('Services that list themselves.', { urls: 'Addresses to ask.', interval: 'How often to ask.' })
