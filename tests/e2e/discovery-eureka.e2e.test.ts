import { drillEureka } from '../support/registries/drills.ts'
import { fakeEureka } from '../support/registries/eureka.ts'

drillEureka('eureka', fakeEureka)
