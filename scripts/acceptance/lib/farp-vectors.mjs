import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, readJson } from '../../lib/workspace.mjs'
import { requireGroup, runTests } from './run-tests.mjs'

const FOLDER = join(ROOT, 'packages/farp/vectors')

// The interoperability vectors of FARP: for every section, its data in packages/farp/vectors, and as many passing tests as it has cases. `cases` is
// said where the data is no list.
const SECTIONS = [
  {
    section: 'manifest_validation',
    data: 'manifest-validation',
    file: 'farp/src/manifest/parse.test.ts',
    group: /^vectors, (lenient|strict)$/,
    times: 2,
  },
  {
    section: 'manifest_validation, as tools tell it',
    data: 'manifest-validation',
    file: 'farp/src/tools/examine.test.ts',
    title: /^vector /,
  },
  {
    section: 'manifest_validation, through a gateway',
    data: 'manifest-validation',
    file: 'farp/test/acceptance-vectors.test.ts',
    title: /^\[F13\.every-vector\] manifest /,
  },
  {
    section: 'go_default_manifest_json',
    data: 'go-default-manifest',
    file: 'farp/src/manifest/parse.test.ts',
    group: /^vectors, what Go writes by default$/,
    cases: 2,
  },
  { section: 'manifest_checksum', data: 'manifest-checksum', file: 'farp/src/manifest/checksum.test.ts', group: /^vectors$/ },
  { section: 'schema_checksum', data: 'schema-checksum', file: 'farp/src/schemas/canonical.test.ts', group: /^schema hash vectors$/ },
  {
    section: 'served_schema_hash',
    data: 'served-schema-hash',
    file: 'farp/src/schemas/canonical.test.ts',
    title: /^a body served with a trailing newline$/,
    cases: 1,
  },
  {
    section: 'gateway_hash_candidates',
    data: 'hash-candidates',
    file: 'farp/src/schemas/canonical.test.ts',
    group: /^hash candidates$/,
  },
  { section: 'routes_checksum_v1_1', data: 'routes-checksum', file: 'farp-digest/src/routes.test.ts', group: /^vectors$/ },
  { section: 'route_mounts', data: 'route-mounts', file: 'farp/src/mount.test.ts', group: /^mount vectors$/ },
  { section: 'route_generation', data: 'route-generation', file: 'farp/src/adapters/route-generation.test.ts', title: /^vector / },
  { section: 'merged_openapi', data: 'merged-openapi', file: 'farp/src/merge/openapi/vectors.test.ts', title: /^vector / },
  { section: 'merged_asyncapi', data: 'merged-asyncapi', file: 'farp/src/merge/asyncapi/merge.test.ts', title: /^vector /, cases: 1 },
  { section: 'merged_grpc_orpc, gRPC', data: 'merged-grpc-orpc', file: 'farp/src/merge/grpc/merge.test.ts', title: /^vector /, cases: 1 },
  { section: 'merged_grpc_orpc, oRPC', data: 'merged-grpc-orpc', file: 'farp/src/merge/orpc.test.ts', title: /^vector /, cases: 1 },
  {
    section: 'webhook_signature',
    data: 'webhook-signature',
    file: 'farp/src/webhook/wire.test.ts',
    group: /^signatures$/,
    title: /^vector /,
  },
  { section: 'gateway_retry_backoff', data: 'retry-backoff', file: 'farp/src/webhook/wire.test.ts', group: /^retries$/, title: /^vector / },
  { section: 'path_rule_glob_v1_1', data: 'path-rule-glob', file: 'farp/src/vocabulary.test.ts', title: /^glob / },
  { section: 'gateway_path_rewrite', data: 'path-rewrite', file: 'farp/test/instances.test.ts', title: /^the rewrite of / },
  { section: 'gateway_conflicts', data: 'conflicts', file: 'farp/test/instances.test.ts', title: /^the conflict that .* wins$/ },
  { section: 'gateway_strip_prefix', data: 'strip-prefix', file: 'farp/src/mount.test.ts', group: /^strip_prefix vectors$/ },
  { section: 'gateway_address_parsing', data: 'address-parsing', file: 'farp/src/vocabulary.test.ts', title: /^address / },
  { section: 'gateway_capabilities_parsing', data: 'capabilities-parsing', file: 'farp/src/vocabulary.test.ts', title: /^capabilities / },
  { section: 'gateway_go_duration_parsing', data: 'go-duration-parsing', file: 'farp/src/vocabulary.test.ts', title: /^duration / },
  { section: 'gateway_introspection_filter', data: 'introspection-filter', file: 'farp/src/vocabulary.test.ts', title: /^introspection / },
  { section: 'gateway_instance_selection', data: 'instance-selection', file: 'farp/src/pool.test.ts', group: /^vectors$/ },
  { section: 'gateway_storage_keys', data: 'storage-keys', file: 'farp/src/schemas/registry.test.ts', group: /^vectors$/ },
  {
    section: 'gateway_storage_keys, of manifests',
    data: 'storage-keys',
    file: 'discovery-etcd/src/instance.test.ts',
    title: /^the key under which the library keeps a manifest$/,
    cases: 1,
  },
]

function casesOf(data) {
  const content = readJson(join(FOLDER, `${data}.json`))
  const { length } = Array.isArray(content) ? content : (content.cases ?? [])
  if (length === 0) throw new Error(`${data}.json has no list of cases: say how many there are`)
  return length
}

const named = new Set(SECTIONS.map(({ data }) => `${data}.json`))
for (const file of readdirSync(FOLDER).filter((one) => !named.has(one))) {
  console.log(`FAIL packages/farp/vectors/${file} is named by no section here`)
  process.exitCode = 1
}
const files = [...new Set(SECTIONS.map(({ file }) => `packages/${file}`))]
const tests = await runTests('farp-vectors', { files })
for (const { section, data, file, group, title, times = 1, cases = casesOf(data) } of SECTIONS) {
  const own = tests.filter(
    (test) =>
      test.file.endsWith(`/packages/${file}`) &&
      (group === undefined || test.ancestors.some((one) => group.test(one))) &&
      (title === undefined || title.test(test.title)),
  )
  requireGroup(section, own, cases * times)
}
