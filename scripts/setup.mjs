import './lib/node-version.mjs'
import { main } from './lib/say.mjs'
import { prepare } from './lib/prepare.mjs'

// npm run setup: install the packages and build what changed. Everything it writes stays inside the checkout.
await main(prepare)
