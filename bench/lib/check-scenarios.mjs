import { BACKENDS } from '../backends/index.mjs'
import { BUDGETS } from './budgets.mjs'
import { KINDS } from '../kinds/index.mjs'
import { LOADS } from '../load/index.mjs'
import { SUBJECTS } from '../subjects/index.mjs'

/** Throws when a scenario or a budget names something that there is not: found before minutes of measuring, not after. */
export function checkScenarios(scenarios) {
  const problems = scenarios.flatMap((one) => [
    ...known(one, 'kind', one.kind, Object.keys(KINDS)),
    ...known(one, 'backend', one.backend?.kind, Object.keys(BACKENDS)),
    ...known(one, 'tool', one.load.tool, Object.keys(LOADS)),
    ...one.subjects.flatMap((name) => known(one, 'subject', name, [...SUBJECTS.keys()])),
  ])
  const names = scenarios.map(({ name }) => name)
  for (const { what, scenario } of BUDGETS)
    if (!names.includes(scenario)) problems.push(`the budget "${what}" names no scenario: ${scenario}`)
  if (problems.length > 0) throw new Error(problems.join('\n'))
}

function known({ name }, what, value, all) {
  return value === undefined || all.includes(value) ? [] : [`${name}: no ${what} is called ${value}; there are ${all.join(', ')}`]
}
