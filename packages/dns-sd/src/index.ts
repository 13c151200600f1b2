export { browser } from './browse.ts'
export type { Browse, BrowseOptions, Found } from './browse.ts'
