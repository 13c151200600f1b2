import { ADMIN_OPTIONS, askContracts } from './admin-api.ts'
import { changeTable, countsOf, type ShownChange } from './changes.ts'
import { EXIT } from '../../exit.ts'
import { FORMAT, printable, wantsJson } from './findings.ts'
import { formatTable, say } from '../../print.ts'
import { HELP } from '../../configuration.ts'
import type { Command } from '../command.ts'

interface Offered {
  readonly generations: readonly { readonly generation: string; readonly version: string }[]
  readonly state: string
  readonly reason: string | null
  readonly counts: Readonly<Record<string, number>> | null
  readonly changes?: readonly ShownChange[]
}

interface Line {
  readonly service: string
  readonly upstream: string
  readonly offered: readonly Offered[]
}

/** `octopus farp contracts` */
export const contracts: Command = {
  name: 'farp contracts',
  summary: 'Tell which contracts a running gateway serves, and which it holds.',
  details:
    'Without a service all are listed; with one, every change that is not safe as well. Ends with 1 when something is held: for scripts that deploy.',
  argument: 'SERVICE',
  options: { ...ADMIN_OPTIONS, format: FORMAT, help: HELP },
  async run(args, io) {
    const json = wantsJson(args)
    const { argument } = args
    // What answers is the admin API of a gateway: the shape is its own.
    const answer = (await askContracts(argument === undefined ? '' : `/${encodeURIComponent(argument)}`, { args, io })) as {
      readonly services: readonly Line[]
    }
    if (json) say(io, JSON.stringify(answer, null, 2))
    else say(io, printable(shown(answer.services)))
    return answer.services.some(({ offered }) => offered.some(({ state }) => state === 'held')) ? EXIT.failure : EXIT.ok
  },
}

function shown(lines: readonly Line[]): string {
  const rows = lines.flatMap(({ upstream, offered }) =>
    offered.map(({ generations, state, reason, counts }) => [
      upstream,
      generations.map(({ version }) => version || '-').join(', '),
      generations.map(({ generation }) => generation).join(', '),
      state,
      counts === null ? '-' : countsOf(counts),
      reason ?? '-',
    ]),
  )
  if (rows.length === 0) return 'No instance of a service is there.'
  const changes = lines.flatMap(({ offered }) => offered.flatMap((item) => item.changes ?? [])).filter(({ effect }) => effect !== 'safe')
  const table = formatTable(['SERVICE', 'VERSION', 'GENERATION', 'STATE', 'CHANGES', 'REASON'], rows)
  return changes.length === 0 ? table : `${table}\n\n${changeTable(changes)}`
}
