import { requireGroups, runTests } from './run-tests.mjs'

// Every section of the FARP test vectors that this release implements is run as tests that carry its name.
const SECTIONS = [
  'manifest_validation',
  'route_mounts',
  'schema_checksum',
  'manifest_checksum',
  'gateway_strip_prefix',
  'gateway_address_parsing',
  'gateway_capabilities_parsing',
  'gateway_go_duration_parsing',
]
const tests = await runTests('farp-vectors', SECTIONS.join('|'), ['packages/farp'])
requireGroups(
  SECTIONS.map((section) => ({ key: section, what: section })),
  tests,
  ({ name }, section) => name.split(/[^\w]+/).includes(section),
)
