import { Http1Wire } from '../../src/http1/wire.ts'
import { testWire } from './support/test-wire.ts'

testWire({ name: 'native', createWire: () => new Http1Wire(), reusesAtOnce: true })
