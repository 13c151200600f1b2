import { expect, onTestFinished, test } from 'vitest'
import { behaviour } from './behaviour.ts'
import { expectRefused, namesAt, startTwo, TO_USERS } from './finding.ts'
import { refused, running } from './running.ts'
import { Seed, type Said } from '../../../../tests/support/seed.ts'
import { waitFor, type Service } from '@octopus-gateway/testing'

const [one, two] = await startTwo()

/** A service's word about where it is. */
const wordOf = ({ name, port }: Service): Said => ({
  body: JSON.stringify({ service_id: name, service_name: 'users', address: 'localhost', port }),
})

async function seedOf(service: Service): Promise<Seed> {
  const seed = await Seed.start(wordOf(service))
  onTestFinished(() => seed[Symbol.asyncDispose]())
  return seed
}

const yamlOf = (keys: string): string => `discovery: { backend: seeds, seeds: { ${keys} } }\n${TO_USERS}`
behaviour('discovery.seeds.urls[]', 'are asked who they are, each for itself', async () => {
  const seeds = [await seedOf(one), await seedOf(two)]
  await using gateway = await running(yamlOf(`urls: ["${seeds[0]!.url}", "${seeds[1]!.url}/"]`))
  expect(await namesAt(gateway)).toEqual(['one', 'two'])
  expect((await gateway.view('/_/services')).services[0]!.instances).toMatchObject([
    { origin: `http://127.0.0.1:${one.port}` },
    { origin: `http://127.0.0.1:${two.port}` },
  ])
  const metrics = await (await fetch(`${gateway.admin}/metrics`)).text()
  expect(metrics).toContain('octopus_discovery_up{provider="seeds"} 1')
})

behaviour('discovery.seeds.interval', 'is how often they are asked', async () => {
  const seed = await seedOf(one)
  await using often = await running(yamlOf(`urls: ["${seed.url}"], interval: 1s`))
  await using seldom = await running(yamlOf(`urls: ["${seed.url}"], interval: 1h`))
  seed.said = wordOf(two)
  await waitFor(async () => expect(await namesAt(often)).toEqual(['two']))
  expect(await namesAt(seldom)).toEqual(['one'])
})

test('what is no address of a service is refused, and not shown', async () => {
  await expectRefused(yamlOf, [
    ['urls: ["127.0.0.1:8081"]', /discovery\.seeds\.urls\[0\]: must be an address such as http:/],
    ['urls: ["http://ann:hunter2@a.test"]', /discovery\.seeds\.urls\[0\]: must not hold a user name or a password/],
    ['urls: ["http://a.test/?token=hunter2"]', /discovery\.seeds\.urls\[0\]: must not hold a query/],
    ['urls: []', /discovery\.seeds\.urls: is empty; name at least one/],
    ['interval: 1s', /discovery\.seeds\.urls: is missing/],
    ['urls: ["http://a.test"], interval: 10ms', /discovery\.seeds\.interval: must be at least 1s/],
  ])
  expect((await refused('discovery: { backend: seeds }\n')).err).toMatch(/discovery\.seeds: is missing/)
})
