export { newAuthority, testCertificates } from './certificates.ts'
export type { CertificateRequest, TestCertificate, TestCertificates } from './certificates.ts'
export { closedPort } from './closed-port.ts'
export { rawRequest } from './raw-request.ts'
export type { RawExchange, RawRequestOptions, RawResponse } from './raw-request.ts'
export { readMessage } from './message.ts'
export type { Framing, RawMessage } from './message.ts'
export { startRawServer } from './raw-server.ts'
export type { RawServer, SocketHandler } from './raw-server.ts'
export {
  answersEarly,
  closesAfter,
  garbage,
  hang,
  hugeHead,
  interimFirst,
  onHead,
  onRequest,
  resetBeforeHead,
  resetMidBody,
  respondWith,
  slowBody,
  slowHead,
} from './behaviours.ts'
export { startService } from './service.ts'
export type { RecordedRequest, Service, ServiceHandler, ServiceOptions } from './service.ts'
export { startFarpService } from './farp-service.ts'
export type { FarpService, FarpServiceOptions } from './farp-service.ts'
export type { FarpServiceState } from './farp-state.ts'
export { FRAME_TYPES, PREFACE, frame, headerBlock, readFrames, statusOf } from './http2-frames.ts'
export type { Http2Frame } from './http2-frames.ts'
export { rawHttp2 } from './http2-raw.ts'
export type { RawHttp2 } from './http2-raw.ts'
export { openapiOf } from './openapi.ts'
export type { OpenApiDocument, OperationMatch } from './openapi.ts'
export { waitFor } from './wait-for.ts'
export type { WaitOptions } from './wait-for.ts'
export { startConsul } from './registries/consul.ts'
export type { Consul, ConsulLogged, ConsulOptions } from './registries/consul.ts'
export type { ConsulAgent, ConsulCheckDefinition, ConsulRegistration } from './registries/consul-agent.ts'
export type { ConsulCatalog, ConsulCheck, ConsulService } from './registries/consul-catalog.ts'
export { startEureka } from './registries/eureka.ts'
export type { Eureka, EurekaOptions } from './registries/eureka.ts'
export { EurekaRegistry } from './registries/eureka-registry.ts'
export type { EurekaInstance, EurekaLease, EurekaPort, EurekaRegistration, EurekaStatus } from './registries/eureka-registry.ts'
export { startKubernetes } from './registries/kubernetes.ts'
export type {
  KubernetesApi,
  KubernetesEndpoint,
  KubernetesObject,
  KubernetesOptions,
  KubernetesPort,
  KubernetesRequest,
  KubernetesService,
} from './registries/kubernetes.ts'
