import { realKubernetes } from './servers/kubernetes.ts'
import { testConformance } from '../../packages/discovery-kubernetes/test/conformance.ts'

testConformance('kubernetes', realKubernetes)
