let version: Promise<string | null> | undefined

/** The version of this package; `null` where its files cannot be read (a bundle, a runtime without a file system). */
export function packageVersion(): Promise<string | null> {
  version ??= read()
  return version
}

async function read(): Promise<string | null> {
  try {
    const { readFile } = await import('node:fs/promises')
    const parsed: unknown = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))
    return typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : null
  } catch {
    return null // said so in the answer: `"version": null`
  }
}
