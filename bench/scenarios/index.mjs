import { readdirSync } from 'node:fs'

/** In the order in which they are measured and reported. */
const ORDER = [
  'get-200',
  'policies',
  'post-1k',
  'get-64k',
  'tls',
  'h2',
  'grpc-unary',
  'grpc-stream',
  'websocket-100',
  'websocket-16k',
  'events',
]

/** Every scenario of this folder. */
export async function scenarios() {
  const names = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith('.mjs') && name !== 'index.mjs')
    .map((name) => name.slice(0, -'.mjs'.length))
  const rank = (name) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length)
  const sorted = names.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
  return Promise.all(sorted.map(async (name) => (await import(`./${name}.mjs`)).scenario))
}
