export { browse } from './browse.ts'
export type { BrowseOptions, Found } from './browse.ts'
