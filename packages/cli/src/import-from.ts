import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { resolve } from 'node:path'

/** Imports a module by its URL, or a package by its name: as this program sees it, or else as the file `from` does, whose project may have it. */
export async function importFrom(specifier: string, from: string | undefined): Promise<unknown> {
  try {
    return await import(specifier)
  } catch (error) {
    // Only a package that is not there: one that is and fails says itself why.
    if (from === undefined || specifier.startsWith('file:') || !isMissing(error, specifier)) throw error
    return import(located(specifier, from, error))
  }
}

function isMissing(error: unknown, specifier: string): boolean {
  const { code, message = '' } = error as { readonly code?: string; readonly message?: string }
  return code === 'ERR_MODULE_NOT_FOUND' && message.includes(`'${specifier}'`)
}

function located(specifier: string, from: string, otherwise: unknown): string {
  try {
    return pathToFileURL(createRequire(resolve(from)).resolve(specifier)).href
  } catch {
    // Missing there too: the first failure says it better.
    throw otherwise
  }
}
