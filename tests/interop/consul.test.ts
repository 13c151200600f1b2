import { drillConsul } from '../support/registries/drills.ts'
import { realConsul } from './servers/consul.ts'
import { testBehaviours } from '../../packages/discovery-consul/test/behaviours.ts'
import { testConformance } from '../../packages/discovery-consul/test/conformance.ts'
import { testConsul } from '../../packages/testing/test/consul.ts'

testConformance('consul', realConsul)
testBehaviours('a real Consul', realConsul)
testConsul('a real Consul', realConsul)
drillConsul('a real Consul', realConsul)
