import { requireGroup, runTests } from './run-tests.mjs'

// Merged documents: nothing of large ones is lost, and for every language what comes out passes the validator, parser or linker of somebody else.
const GROUPS = [
  {
    what: 'three OpenAPI documents of more than 500 operations each merge without loss',
    file: 'merge/large.test.ts',
    title: /three documents of more than 500 operations each merge without loss/,
  },
  {
    what: 'and are valid: @seriousme/openapi-schema-validator, references, ids',
    file: 'merge/large.test.ts',
    title: /what comes out is valid/,
  },
  { what: 'OpenAPI: @seriousme/openapi-schema-validator', file: 'merge/openapi/merge.test.ts', atLeast: 8 },
  { what: 'OpenAPI, strategies for conflicts and security', file: 'merge/openapi/strategies.test.ts', atLeast: 8 },
  {
    what: 'AsyncAPI: the parser of the AsyncAPI initiative',
    file: 'merge/asyncapi/merge.test.ts',
    title: /the parser of the AsyncAPI initiative accepts/,
  },
  {
    what: 'GraphQL: graphql-js builds a schema',
    file: 'merge/graphql/merge.test.ts',
    title: /which a GraphQL library builds a schema from/,
  },
  { what: 'protobuf: @bufbuild/protobuf links the descriptor set', file: 'merge/grpc/merge.test.ts', atLeast: 8 },
  { what: 'whatever services write, in any order', file: 'merge/properties.test.ts', atLeast: 3 },
  {
    what: 'served beside the admin API, in every language',
    file: 'test/federated.test.ts',
    title: /all languages of a service that the gateway routes/,
  },
]

const tests = await runTests('large-merge', { files: ['packages/farp/src/merge', 'packages/farp/test/federated.test.ts'] })
for (const { what, file, title = /./, atLeast } of GROUPS) {
  const own = tests.filter((test) => test.file.endsWith(`/packages/farp/src/${file}`) || test.file.endsWith(`/packages/farp/${file}`))
  requireGroup(
    what,
    own.filter((test) => title.test(test.title)),
    atLeast,
  )
}
