import './lib/node-version.mjs'
import { installAside } from './lib/aside.mjs'
import { main, say } from './lib/say.mjs'

// npm run test:runtimes: Bun, Deno and other versions of Node for the tests that use them, about 450 MB, from npm and inside the checkout.
await main(async () => {
  const installed = await installAside('tests/runtimes')
  say(installed ? 'The runtimes that tests use are installed.' : 'All runtimes that tests use are there.')
})
