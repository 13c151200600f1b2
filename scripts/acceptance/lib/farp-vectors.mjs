import { join } from 'node:path'
import { ROOT, readJson } from '../../lib/workspace.mjs'
import { requireGroup, runTests } from './run-tests.mjs'

// The interoperability vectors of FARP: for every section, its data in packages/farp/vectors, and as many passing tests as it has cases.
const SECTIONS = [
  {
    section: 'manifest_validation',
    data: 'manifest-validation',
    file: 'manifest/parse.test.ts',
    group: /^vectors, (lenient|strict)$/,
    times: 2,
  },
  { section: 'route_mounts', data: 'route-mounts', file: 'mount.test.ts', group: /^mount vectors$/ },
  { section: 'schema_checksum', data: 'schema-checksum', file: 'schemas/canonical.test.ts', group: /^schema hash vectors$/ },
  { section: 'manifest_checksum', data: 'manifest-checksum', file: 'manifest/checksum.test.ts', group: /^vectors$/ },
  { section: 'gateway_strip_prefix', data: 'strip-prefix', file: 'mount.test.ts', group: /^strip_prefix vectors$/ },
  { section: 'gateway_address_parsing', data: 'address-parsing', file: 'vocabulary.test.ts', title: /^address / },
  { section: 'gateway_capabilities_parsing', data: 'capabilities-parsing', file: 'vocabulary.test.ts', title: /^capabilities / },
  { section: 'gateway_go_duration_parsing', data: 'go-duration-parsing', file: 'vocabulary.test.ts', title: /^duration / },
]

function casesOf(data) {
  const content = readJson(join(ROOT, 'packages/farp/vectors', `${data}.json`))
  return (Array.isArray(content) ? content : content.cases).length
}

const tests = await runTests('farp-vectors', { files: ['packages/farp/src'] })
for (const { section, data, file, group, title, times = 1 } of SECTIONS) {
  const own = tests.filter(
    (test) =>
      test.file.endsWith(`/${file}`) &&
      (group === undefined || test.ancestors.some((one) => group.test(one))) &&
      (title === undefined || title.test(test.title)),
  )
  requireGroup(section, own, casesOf(data) * times)
}
