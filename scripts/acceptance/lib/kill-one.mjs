import { once } from 'node:events'
import { conclude, freePort, load, request, startGateway, startService, until } from './harness.mjs'

// Two instances of one service; one is killed in the middle of 2,000 GETs at concurrency 20, then started again.
const TOTAL = 2_000
const paths = ['/whoami']
const instances = await Promise.all(
  ['first', 'second'].map(async (instance) => ({ service: 'twins', instance, port: await freePort(), paths })),
)
const [, victim] = await Promise.all(instances.map(startService))
const gateway = await startGateway('kill-one', instances)
const url = `${gateway.url}/twins/whoami`
const from = (name) => (answer) => answer.status === 200 && JSON.parse(answer.body).instance === name

await until('the first instance answers', url, from('first'))
await until('the second instance answers', url, from('second'))

const seen = new Map()
let killed = false
const result = await load({
  urls: [url],
  concurrency: 20,
  enough: (sent) => sent >= TOTAL,
  onDone: (done, answer) => {
    if (done >= TOTAL / 2 && !killed) {
      killed = true
      victim.kill('SIGKILL')
    }
    if (answer.status === 200) {
      const { instance } = JSON.parse(answer.body)
      seen.set(instance, (seen.get(instance) ?? 0) + 1)
    }
  },
})
console.log(`     answered by ${[...seen].map(([name, count]) => `${name}: ${count}`).join(', ')}; second was killed after ${TOTAL / 2}`)
if ((seen.get('second') ?? 0) < 100) throw new Error('the second instance had no share of the load before it was killed')
conclude(result)

if (victim.exitCode === null && victim.signalCode === null) await once(victim, 'exit')
await startService(instances[1])
const begin = performance.now()
await until('traffic returns to the second instance', url, from('second'), 60_000)
console.log(`ok   started again: traffic returned after ${((performance.now() - begin) / 1000).toFixed(1)} s`)

const after = await Promise.all(Array.from({ length: 100 }, () => request(url)))
conclude({ done: 100, failed: after.filter((answer) => answer.status !== 200) })
process.exit(0)
