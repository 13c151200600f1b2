import { realKubernetes } from './servers/kubernetes.ts'
import { testConfigMaps } from '../../packages/discovery-kubernetes/test/config-maps.ts'
import { testConformance } from '../../packages/discovery-kubernetes/test/conformance.ts'
import { testInstances } from '../../packages/discovery-kubernetes/test/instances.ts'
import { testRoles } from '../../packages/discovery-kubernetes/test/roles.ts'
import { testDeployments } from './deployments.ts'
import { testKubernetes } from '../../packages/testing/test/kubernetes.ts'

testConformance('kubernetes', realKubernetes)
testInstances('a real API server', realKubernetes)
testRoles('a real API server', realKubernetes)
testConfigMaps('a real API server', realKubernetes)
testKubernetes('a real API server', realKubernetes)
testDeployments('a real API server', realKubernetes)
