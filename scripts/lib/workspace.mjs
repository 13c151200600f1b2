import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '')

/** Where scripts keep what can be thrown away. */
export const CACHE = join(ROOT, '.cache')

export function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}

/** The folders of every workspace package, relative to the checkout, in a stable order. */
function packageFolders(root) {
  const parents = ['packages', 'examples'].filter((parent) => existsSync(join(root, parent)))
  const folders = parents.flatMap((parent) =>
    readdirSync(join(root, parent), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `${parent}/${entry.name}`),
  )
  return [...folders, 'bench'].filter((folder) => existsSync(join(root, folder, 'package.json'))).sort()
}

/** Every workspace package: `{ folder, dir, manifest }`. */
export function workspacePackages(root = ROOT) {
  return packageFolders(root).map((folder) => {
    const dir = join(root, folder)
    return { folder, dir, manifest: readJson(join(dir, 'package.json')) }
  })
}

/** Packages a package needs at run time, by name. */
export function runtimeDependencies(manifest) {
  return Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies })
}

/** Dependencies before their dependents. Throws on a circle, naming it. */
export function topological(packages) {
  const byName = new Map(packages.map((one) => [one.manifest.name, one]))
  const done = new Set()
  const order = []
  const visit = (one, path) => {
    if (done.has(one)) return
    if (path.includes(one)) throw new Error(`packages depend on each other: ${[...path, one].map((p) => p.folder).join(' -> ')}`)
    for (const name of runtimeDependencies(one.manifest)) {
      const dependency = byName.get(name)
      if (dependency !== undefined) visit(dependency, [...path, one])
    }
    done.add(one)
    order.push(one)
  }
  for (const one of packages) visit(one, [])
  return order
}
