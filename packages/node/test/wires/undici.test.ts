import { testWire } from './support/test-wire.ts'
import { UndiciWire } from '../../src/undici-wire.ts'

testWire({ name: 'undici', createWire: () => new UndiciWire(), reusesAtOnce: false })
