import './lib/node-version.mjs'
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { inherit } from './lib/run.mjs'
import { main } from './lib/say.mjs'
import { prepare } from './lib/prepare.mjs'
import { ROOT } from './lib/workspace.mjs'

// npm start: install, build, run the demo. npm start -- --config my.yaml (or any other argument): the octopus command instead.
const args = process.argv.slice(2)

await main(async () => {
  await prepare()
  if (args.length === 0) await import(pathToFileURL(join(ROOT, 'examples/demo/dist/index.js')).href)
  else process.exitCode = await inherit(process.execPath, [join(ROOT, 'packages/cli/bin/octopus.js'), ...args])
})
