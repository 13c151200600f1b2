import './lib/node-version.mjs'
import { build } from './lib/build.mjs'
import { main, say } from './lib/say.mjs'

// node scripts/build.mjs [--types]: JavaScript only by default, which is what running needs; --types adds declarations for a release.
await main(async () => {
  const built = await build({ types: process.argv.includes('--types') })
  if (built === 0) say('Everything is built.')
})
