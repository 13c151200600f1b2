import { expect, test } from 'vitest'
import { checks } from '../scripts/check/index.mjs'

const cheap = Object.entries(checks).filter(([, check]) => check.slow !== true && check.warns !== true)

test.each(cheap)('%s', async (_name, check) => {
  expect(await check.run()).toEqual([])
})
