import { drillEureka } from '../support/registries/drills.ts'
import { realEureka } from './servers/eureka.ts'
import { testBehaviours } from '../../packages/discovery-eureka/test/behaviours.ts'
import { testConformance } from '../../packages/discovery-eureka/test/conformance.ts'
import { testEureka } from '../../packages/testing/test/eureka.ts'

testConformance('eureka', realEureka)
testBehaviours('a real Eureka', realEureka)
testEureka('a real Eureka', realEureka)
drillEureka('a real Eureka', realEureka)
