import { Http1Wire } from '../../src/http1/wire.ts'
import { testWire } from './support/test-wire.ts'

testWire('native', () => new Http1Wire())
