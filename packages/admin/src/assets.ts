// This file stays directly in src/: the folder `../assets/` is then the same for the source and for the built package in dist/.

/** The files of the documentation page and their media types. Nothing else can be asked for. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['swagger-ui-bundle.js', 'text/javascript; charset=utf-8'],
  ['swagger-ui.css', 'text/css; charset=utf-8'],
  ['favicon-32x32.png', 'image/png'],
])

/** A file of the documentation page. */
export interface Asset {
  readonly type: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** The names of all assets. */
export const ASSET_NAMES: readonly string[] = [...TYPES.keys()]

/** Reads an asset that ships with this package; `undefined` for an unknown name. Rejects when the file cannot be read. */
export async function readAsset(name: string): Promise<Asset | undefined> {
  const type = TYPES.get(name)
  if (type === undefined) return undefined
  const { readFile } = await import('node:fs/promises')
  return { type, bytes: new Uint8Array(await readFile(new URL(`../assets/${name}`, import.meta.url))) }
}
