import { defineDiscovery } from '@octopus-gateway/core'
import { fileOptions } from './options.ts'
import { readFile } from 'node:fs/promises'
import { readServices } from './read.ts'
import { resolve } from 'node:path'
import { Touches } from './touches.ts'

/**
 * Services of a file: `[{ name, address, port, id?, secure?, ready?, weight?, zone?, version?, metadata? }]`, or a map with that list as `services`.
 * A file that cannot be read or understood is reported, and the last good one keeps counting.
 */
export const fileDiscovery = defineDiscovery({
  name: 'file',
  config: fileOptions,
  async *watch({ path }, signal) {
    const file = resolve(path)
    using touches = new Touches(file)
    let last: string | undefined
    while (!signal.aborted) {
      // Begun before the file is read: what is written meanwhile is a touch.
      const touched = touches.next(signal)
      const text = await readFile(file, 'utf8')
      if (text !== last) yield readServices(text, file)
      last = text
      await touched
    }
  },
})
