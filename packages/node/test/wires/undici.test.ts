import { testWire } from './support/test-wire.ts'
import { UndiciWire } from '../../src/undici-wire.ts'

testWire('undici', () => new UndiciWire())
