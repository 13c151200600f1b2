import { fakeKubernetes } from '../../../tests/support/registries/kubernetes.ts'
import { testRoles } from './roles.ts'

testRoles('the stand-in', fakeKubernetes)
