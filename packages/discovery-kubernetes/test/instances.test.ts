import { fakeKubernetes } from '../../../tests/support/registries/kubernetes.ts'
import { testInstances } from './instances.ts'

testInstances('the stand-in', fakeKubernetes)
