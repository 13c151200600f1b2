import { drillConsul } from '../support/registries/drills.ts'
import { fakeConsul } from '../support/registries/consul.ts'

drillConsul('consul', fakeConsul)
