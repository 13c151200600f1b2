import { create, createFileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { onTestFinished } from 'vitest'
import { Server, ServerCredentials, status } from '@grpc/grpc-js'
import { testCertificates } from '@octopus-gateway/testing'
import type { sendUnaryData, ServerUnaryCall, ServiceDefinition } from '@grpc/grpc-js'

const STRING = 9
const ENUM = 14
const OPTIONAL = 1

/** `grpc.health.v1` by its published definition. */
const registry = createFileRegistry(
  create(FileDescriptorProtoSchema, {
    name: 'grpc/health/v1/health.proto',
    package: 'grpc.health.v1',
    syntax: 'proto3',
    messageType: [
      { name: 'HealthCheckRequest', field: [{ name: 'service', jsonName: 'service', number: 1, type: STRING, label: OPTIONAL }] },
      {
        name: 'HealthCheckResponse',
        field: [
          {
            name: 'status',
            jsonName: 'status',
            number: 1,
            type: ENUM,
            typeName: '.grpc.health.v1.HealthCheckResponse.ServingStatus',
            label: OPTIONAL,
          },
        ],
        enumType: [
          {
            name: 'ServingStatus',
            value: ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'].map((name, number) => ({ name, number })),
          },
        ],
      },
    ],
  }),
  () => undefined,
)
const REQUEST = registry.getMessage('grpc.health.v1.HealthCheckRequest')!
const RESPONSE = registry.getMessage('grpc.health.v1.HealthCheckResponse')!

interface Asked {
  readonly service: string
}

const DEFINITION = {
  check: {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: Buffer.from,
    requestDeserialize: (bytes: Buffer) => fromBinary(REQUEST, bytes) as unknown as Asked,
    responseSerialize: (answer: { readonly status: number }) => Buffer.from(toBinary(RESPONSE, create(RESPONSE, answer as never))),
    responseDeserialize: Buffer.from,
  },
} as unknown as ServiceDefinition

/** A server of @grpc/grpc-js with the health service that ends with the test. The statuses are by service name. */
export async function healthService(
  statuses: Readonly<Record<string, number>>,
  { tls = false }: { readonly tls?: boolean } = {},
): Promise<{ readonly origin: string; readonly asked: readonly string[] }> {
  const asked: string[] = []
  const server = new Server()
  server.addService(DEFINITION, {
    check(call: ServerUnaryCall<Asked, unknown>, done: sendUnaryData<unknown>) {
      const { service } = call.request
      asked.push(service)
      const answer = statuses[service]
      if (answer === undefined) done({ code: status.NOT_FOUND, details: 'unknown service' })
      else done(null, { status: answer })
    },
  })
  const { cert, key } = testCertificates().server
  const credentials = tls
    ? ServerCredentials.createSsl(null, [{ cert_chain: Buffer.from(cert), private_key: Buffer.from(key) }])
    : ServerCredentials.createInsecure()
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error === null ? resolve(bound) : reject(error))),
  )
  onTestFinished(() => server.forceShutdown())
  return { origin: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`, asked }
}
