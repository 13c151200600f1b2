import { setTimeout as sleep } from 'node:timers/promises'
import { conclude, freePort, load, request, startGateway, startService, until } from './harness.mjs'

// A service adds one path to its OpenAPI document and removes another while it and its neighbour are under load.
const shop = { service: 'shop', instance: 'shop-1', port: await freePort(), paths: ['/keep', '/old'] }
const other = { service: 'other', instance: 'other-1', port: await freePort(), paths: ['/steady'] }
const [changing] = await Promise.all([shop, other].map(startService))
const { url } = await startGateway('change-openapi', [shop, other])
const is = (status) => (answer) => answer.status === status

await until('/shop/old answers', `${url}/shop/old`, is(200))
await until('/other/steady answers', `${url}/other/steady`, is(200))
if ((await request(`${url}/shop/new`)).status !== 404) throw new Error('/shop/new answers before it is documented')

let finished = false
const running = load({ urls: [`${url}/shop/keep`, `${url}/other/steady`], concurrency: 20, enough: () => finished })
await sleep(500)
changing.send(['/keep', '/new'])
const begin = performance.now()
await until('/shop/new answers', `${url}/shop/new`, is(200))
await until('/shop/old is gone', `${url}/shop/old`, is(404))
console.log(`ok   the new path answers and the old one is 404, ${((performance.now() - begin) / 1000).toFixed(1)} s after the change`)
await sleep(500)
finished = true
conclude(await running)
process.exit(0)
