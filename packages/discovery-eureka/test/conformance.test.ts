import { fakeEureka } from '../../../tests/support/registries/eureka.ts'
import { testConformance } from './conformance.ts'

testConformance('eureka', fakeEureka)
