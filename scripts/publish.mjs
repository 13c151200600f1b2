import './lib/node-version.mjs'
import { inherit } from './lib/run.mjs'
import { pnpmCommand } from './lib/pnpm.mjs'
import { Stop, main } from './lib/say.mjs'

// npm run release: publishes every package whose version the registry does not have yet. pnpm resolves workspace versions and catalogs.
await main(async () => {
  const [node, ...args] = await pnpmCommand()
  const code = await inherit(node, [...args, '--recursive', 'publish', '--access', 'public', '--no-git-checks'])
  if (code !== 0) throw new Stop('Not every package could be published; the lines above say which. Running it again publishes the rest.')
})
