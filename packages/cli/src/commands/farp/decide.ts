import { ADMIN_OPTIONS, askContracts } from './admin-api.ts'
import { argumentOf, FORMAT, printable, secondOf, wantsJson } from './findings.ts'
import { EXIT } from '../../exit.ts'
import { HELP } from '../../configuration.ts'
import { say } from '../../print.ts'
import type { Command } from '../command.ts'

/** `octopus farp approve` */
export const approve = decision(
  'approve',
  'Approve what a generation of a service offers.',
  'It is served from then on, and newcomers are compared with it. What was approved before stays approved.',
)

/** `octopus farp reject` */
export const reject = decision(
  'reject',
  'Reject what a generation of a service offers.',
  'Its instances get no requests while others are there, whatever farp.update_policy says, until it is approved.',
)

function decision(action: 'approve' | 'reject', summary: string, effect: string): Command {
  return {
    name: `farp ${action}`,
    summary,
    details: `${effect}\nGENERATION is what octopus farp contracts lists; the checksum of the manifest is understood as well.`,
    argument: 'SERVICE',
    second: 'GENERATION',
    options: { ...ADMIN_OPTIONS, format: FORMAT, help: HELP },
    async run(args, io) {
      const json = wantsJson(args)
      const [service, generation] = [argumentOf(args, 'SERVICE'), secondOf(args, 'GENERATION')]
      // What answers is the admin API of a gateway: the shape is its own.
      const answer = (await askContracts(`/${encodeURIComponent(service)}/${action}`, { args, io, body: { generation } })) as {
        readonly decision: string
        readonly version: string
        readonly generation: string
      }
      if (json) say(io, JSON.stringify(answer, null, 2))
      else say(io, printable(`${service} ${answer.version} (generation ${answer.generation}) is ${answer.decision}.`))
      return EXIT.ok
    },
  }
}
