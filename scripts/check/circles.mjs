import { dirname, resolve } from 'node:path'
import { importsOf, packageOf, shown } from './sources.mjs'

/** Files of a package that import each other in a circle, types included: the shortest way round from each of them. */
export function circles({ dir, manifest }, files) {
  const known = new Set(files)
  const targetOf = (file, name) => {
    if (name.startsWith('.')) return resolve(dirname(file), name)
    if (packageOf(name) !== manifest.name) return undefined
    const source = manifest.exports?.[`.${name.slice(manifest.name.length)}`]?.['@octopus-gateway/source']
    return source === undefined ? undefined : resolve(dir, source)
  }
  const imports = new Map(
    files.map((file) => [
      file,
      importsOf(file)
        .map(({ name }) => targetOf(file, name))
        .filter((target) => known.has(target)),
    ]),
  )
  const ways = new Map()
  for (const file of files) {
    const way = wayRound(file, imports)
    // The same circle is met from every file on it.
    const members = way?.toSorted().join('\n')
    if (way !== undefined && !ways.has(members)) ways.set(members, way)
  }
  return [...ways.values()].map((way) => `${[...way, way[0]].map(shown).join(' → ')}: imports in a circle`)
}

/** The files on the shortest way from a file to itself; `undefined` when there is none. */
function wayRound(start, imports) {
  const cameFrom = new Map()
  const next = [start]
  for (const file of next) {
    for (const target of imports.get(file)) {
      if (target === start) return wayTo(file, cameFrom)
      if (cameFrom.has(target)) continue
      cameFrom.set(target, file)
      next.push(target)
    }
  }
  return undefined
}

function wayTo(file, cameFrom) {
  const way = [file]
  while (cameFrom.has(way[0])) way.unshift(cameFrom.get(way[0]))
  return way
}
