import { fakeConsul } from '../../../tests/support/registries/consul.ts'
import { testConformance } from './conformance.ts'

testConformance('consul', fakeConsul)
