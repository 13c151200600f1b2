import { defineDiscovery } from '@octopus-gateway/core'
import { fileOptions } from './options.ts'
import { read } from './read.ts'
import { resolve } from 'node:path'
import { Touches } from './touches.ts'

/**
 * Services of a file: `[{ name, address, port, id?, secure?, ready?, weight?, zone?, version?, metadata? }]`, or a map with that list as `services`.
 * A file that cannot be read or understood is reported, and the last good one keeps counting.
 */
export const fileDiscovery = defineDiscovery({
  name: 'file',
  config: fileOptions,
  async *watch({ path }, signal, host) {
    const file = resolve(path)
    using touches = new Touches(file)
    let last: string | undefined
    while (!signal.aborted) {
      // Before the file is read: what is written meanwhile is a touch, and so is a file that appears.
      const { touched } = await touches.begin(signal)
      const found = await read(file)
      if ('problem' in found) host.fail(found.problem)
      else if (found.text !== last) yield found.services
      last = 'problem' in found ? undefined : found.text
      await touched
    }
  },
})
