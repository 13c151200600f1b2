/** Reads a document from an object or from the text of one, in JSON or YAML. Throws `TypeError`. */
export async function documentOf(given: object | string, type: string): Promise<Readonly<Record<string, unknown>>> {
  const value: unknown = typeof given === 'string' ? await parse(given, type) : plain(given, type)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError(`the ${type} document is not an object`)
  return value as Readonly<Record<string, unknown>>
}

/** What JSON keeps of a value: what is hashed must be what is served. */
function plain(value: object, type: string): unknown {
  try {
    return JSON.parse(JSON.stringify(value))
  } catch (thrown) {
    throw new TypeError(`the ${type} document cannot be written as JSON`, { cause: thrown })
  }
}

async function parse(text: string, type: string): Promise<unknown> {
  if (/^\s*\{/.test(text)) {
    try {
      return JSON.parse(text)
    } catch (thrown) {
      // The flow style of YAML begins with a brace as well.
      if (/^\s*\{\s*["}]/.test(text)) throw new TypeError(`the ${type} document is not JSON`, { cause: thrown })
    }
  }
  const { parse: parseYaml } = await yaml(type)
  try {
    return plain(parseYaml(text) as object, type)
  } catch (thrown) {
    throw new TypeError(`the ${type} document is neither JSON nor YAML`, { cause: thrown })
  }
}

async function yaml(type: string): Promise<{ parse(text: string): unknown }> {
  try {
    return await import('yaml')
  } catch (thrown) {
    throw new TypeError(`the ${type} document is YAML, which needs the package "yaml"; install it, or pass the parsed document`, {
      cause: thrown,
    })
  }
}
