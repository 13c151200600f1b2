import { basename, dirname, join, parse, resolve, sep } from 'node:path'
import { readlink } from 'node:fs/promises'

/** A name in a folder. */
export interface Place {
  readonly folder: string
  readonly name: string
}

// As Linux does: more links than this are a circle.
const MOST_LINKS = 40

/**
 * Everything whose replacement can change what a path leads to: the name itself, and every symbolic link on the way. Kubernetes swaps a link in the
 * middle of the path, and nothing happens at its end.
 */
export async function placesOf(path: string): Promise<Place[]> {
  const places: Place[] = []
  const { root } = parse(resolve(path))
  let rest = stepsOf(resolve(path))
  let at = root
  let links = 0
  while (rest.length > 0) {
    const here = join(at, rest[0]!)
    rest = rest.slice(1)
    const target = links < MOST_LINKS ? await targetOf(here) : undefined
    if (target !== undefined) {
      links += 1
      places.push({ folder: at, name: basename(here) })
      rest = [...stepsOf(resolve(at, target)), ...rest]
      at = root
      continue
    }
    if (rest.length === 0) places.push({ folder: dirname(here), name: basename(here) })
    at = here
  }
  return places
}

function stepsOf(path: string): string[] {
  return path
    .slice(parse(path).root.length)
    .split(sep)
    .filter((step) => step !== '')
}

/** Where a link leads; `undefined` for what is no link or not there. */
async function targetOf(path: string): Promise<string | undefined> {
  try {
    return await readlink(path)
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === undefined) throw thrown
    return undefined
  }
}
