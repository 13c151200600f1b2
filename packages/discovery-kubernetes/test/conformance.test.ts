import { fakeKubernetes } from '../../../tests/support/registries/kubernetes.ts'
import { testConformance } from './conformance.ts'

testConformance('kubernetes', fakeKubernetes)
