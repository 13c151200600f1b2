import { testLife } from './support/test-life.ts'
import { testWire } from './support/test-wire.ts'
import { UndiciWire } from '../../src/undici-wire.ts'

const undici = { name: 'undici', createWire: () => new UndiciWire(), reusesAtOnce: false }
testWire(undici)
testLife(undici)
