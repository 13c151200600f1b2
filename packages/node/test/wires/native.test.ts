import { Http1Wire } from '../../src/http1/wire.ts'
import { testLife } from './support/test-life.ts'
import { testWire } from './support/test-wire.ts'

const native = { name: 'native', createWire: () => new Http1Wire(), reusesAtOnce: true }
testWire(native)
testLife(native)
