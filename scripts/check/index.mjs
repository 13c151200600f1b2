import { arrows } from './arrows.mjs'
import { farp } from './farp.mjs'
import { licences } from './licences.mjs'
import { publish } from './publish.mjs'
import { regressions } from './regressions.mjs'
import { sizes } from './sizes.mjs'

/** Every check by name: what it promises, what it found. `warns` never fails, `slow` does not run as a test. */
export const checks = {
  arrows: { promise: 'every dependency and import goes the way the architecture says, and none in a circle', run: arrows },
  licences: { promise: 'every production dependency has a licence that lets users use it', run: licences },
  regressions: { promise: 'every known defect of other gateways has a named test here', run: regressions },
  farp: { promise: 'every security rule and every acceptance test of FARP has a named test here', run: farp },
  publish: { promise: 'packages are packed as npm and TypeScript want them', run: publish, slow: true },
  sizes: { promise: 'no file is longer than 400 lines', run: sizes, warns: true },
}
