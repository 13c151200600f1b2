import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BUDGETS, ratios } from './budgets.mjs'
import { median, spread } from './statistics.mjs'
import { SUBJECTS } from '../subjects/index.mjs'

const NOTES = join(import.meta.dirname, '../notes.md')
const titleOf = (name) => SUBJECTS.get(name)?.title ?? name
const row = (cells) => `| ${cells.join(' | ')} |\n`
const head = (cells) => row(cells) + row(cells.map(() => '---'))

/** RESULTS.md, made of what was kept: budgets with their verdicts, every scenario, what was not measured, machine and versions. */
export function report(scenarios, results) {
  const sections = scenarios.map((scenario) => sectionOf(scenario, results.get(scenario.name)))
  return `${[
    intro(),
    budgetTable(results),
    ...sections,
    transferSection(results.get('transfer')),
    discoverySection(results.get('discovery-scale')),
    absentSection(scenarios, results),
    machineSection(results),
    notes(),
  ]
    .filter((section) => section !== '')
    .join('\n')}`
}

function intro() {
  return `# Measured figures

\`npm run bench\` writes this file from the raw rounds in \`results/\`; [README.md](README.md) says how it measures. CPU time is that of the whole process
tree of a proxy, from the OS, divided by the requests it has answered. The proxy is alone on one core; backend and load share the other. Figures are the
median of interleaved rounds, with the least and the most in brackets; ratios are of pairs measured in the same round, above 1 means less CPU than the
peer. Metrics and access log of Octopus are on unless it says otherwise; peers write no log. Differences under about 25 % in one run are noise on shared
machines.
`
}

function budgetTable(results) {
  let text = `## Budgets\n\n${head(['what', 'budget', 'measured', 'verdict'])}`
  for (const { what, scenario, budget, figure } of BUDGETS) {
    const result = results.get(scenario)
    const found = result === undefined ? null : figure(result.data)
    text += row([what, budget, found?.text ?? '-', found?.verdict ?? 'not measured'])
  }
  return text
}

function sectionOf(scenario, result) {
  const title = `## ${scenario.title}\n\n`
  if (result === undefined) return `${title}Not measured.\n`
  const made = `${result.date}, \`npm run bench -- --only ${scenario.name}\`.`
  return `${title}${BODIES[result.kind](result)}\n\n${made}\n`
}

const BODIES = {
  throughput({ rounds, seconds, data }) {
    const names = [...new Set(data.rounds.flatMap((round) => Object.keys(round)))]
    const peers = ['nginx', 'fastify', 'caddy'].filter((peer) => names.includes(peer))
    const memory = data.memory === undefined ? [] : ['KiB a connection']
    let text = head(['', 'CPU us', 'a second', ...peers.map((peer) => `x ${peer}`), ...memory])
    for (const name of names) {
      const own = data.rounds.map((round) => round[name]).filter((one) => one !== undefined)
      const cpu = spread(
        own.map((one) => one.microsPerRequest),
        1,
      )
      const beside = peers.map((peer) => (peer === name ? '1' : spread(ratios(data.rounds, name, peer))))
      const held = memory.map(() => data.memory[name]?.toFixed(0) ?? '-')
      text += row([titleOf(name), cpu, median(own.map((one) => one.perSecond)).toFixed(0), ...beside, ...held])
    }
    const stumbles = data.stumbles.length === 0 ? '' : ` Tried once more: ${data.stumbles.join('; ')}.`
    return `${text}\n${rounds} rounds of ${seconds} s.${stumbles}`
  },
  latency({ data }) {
    const names = Object.keys(data.rounds[0] ?? {})
    const of = (name, key) => median(data.rounds.map((round) => round[name][key])).toFixed(2)
    let text = head(['ms', 'p50', 'p90', 'p99', 'p99.9'])
    for (const name of names)
      text += row([
        name === 'direct' ? 'the backend alone' : titleOf(name),
        of(name, 'p50'),
        of(name, 'p90'),
        of(name, 'p99'),
        of(name, 'p999'),
      ])
    return `${text}\nMedians of ${data.rounds.length} rounds.`
  },
  memory({ data }) {
    let text = head(['MiB', 'at start', 'after load', '10,000 idle connections'])
    for (const [name, one] of Object.entries(data.figures))
      text += row([titleOf(name), one.atStart.toFixed(0), one.loaded.toFixed(0), one.idle?.toFixed(0) ?? '-'])
    return text
  },
  rebuild({ data }) {
    let text = head(['round', 'p99 idle, ms', 'p99 while rebuilding, ms'])
    for (const [i, { idle, busy }] of data.rounds.entries()) text += row([i + 1, idle.toFixed(2), busy.toFixed(2)])
    return `${text}\n${data.builds.length} tables were built meanwhile, in ${spread(data.builds, 0)} ms.`
  },
  routing({ data }) {
    let text = head(['routes', 'build ms', 'match us'])
    for (const { count, buildMs, matchMicros } of data.figures) text += row([count, buildMs.toFixed(0), matchMicros.toFixed(2)])
    return `${text}\nStatic, one-parameter and two-parameter paths in equal shares, all looked up in a random order.`
  },
  'farp-scale'({ data: { first, memory, changes, rounds, size, load } }) {
    const all = size.services * size.operations
    let text = head(['', 'figure'])
    text += row(['first full table', `${(first.ms / 1000).toFixed(1)} s, CPU ${(first.cpuMs / 1000).toFixed(1)} s`])
    text += row(['asked for meanwhile', `${first.asked.manifests} manifests, ${first.asked.documents} documents`])
    text += row(['memory for it', `heap ${memory.heap.toFixed(0)} MiB, RSS ${memory.rss.toFixed(0)} MiB`])
    text += row(['heap after all changes', `${memory.heapAtEnd.toFixed(0)} MiB`])
    text += `\n${head(['what changes', 'ms until it serves', 'CPU ms', 'event loop held, ms', 'manifests read', 'documents read', 'sets made', `routes compiled of ${all}`, 'for other services'])}`
    for (const one of changes)
      text += row([
        one.name,
        one.ms.toFixed(0),
        one.cpuMs.toFixed(0),
        one.heldMs.toFixed(0),
        one.manifests,
        one.documents,
        `${one.setsMade} of ${size.services}`,
        one.routesCompiled,
        one.ofOthers + one.routesOfOthersCompiled,
      ])
    return `${text}\nTimes are medians of ${rounds} changes, counts the highest of them: what the services were asked for, and what in the gateway's snapshot is another
object than before. The last column counts requests to the other services, and their routes. The gateway's own process, with the registry in it; all services
share another one. Load average of the machine at the start: ${load.toFixed(1)}.`
  },
}

function transferSection(result) {
  let text = '## Large transfers\n\n'
  if (result === undefined) return `${text}Not measured.\n`
  text += head(['transfer', 'time', 'before', 'peak', 'growth'])
  for (const { name, seconds, before, peak, limit } of result.data.transfers) {
    const grown = peak - before
    text += row([
      name,
      `${seconds.toFixed(1)} s`,
      `${before.toFixed(0)} MiB`,
      `${peak.toFixed(0)} MiB`,
      `${grown.toFixed(0)} MiB (${grown < limit ? 'under' : 'NOT UNDER'} ${limit})`,
    ])
  }
  return `${text}\nMemory is the resident set of the gateway's process, read every 20 ms.\n\n${result.date}, \`node bench/transfer.mjs --write\`.\n`
}

function discoverySection(result) {
  let text = '## Large registries\n\n'
  if (result === undefined) return `${text}Not measured.\n`
  const { services, instances, figures } = result.data
  text += `${services} services with ${instances} instances each, a route for each service, endpoints that change one by one.\n\n`
  text += head(['registry', 'first full set', 'heap for it', 'CPU for 100 changes', 'known after', 'changes', 'route tables built'])
  for (const one of figures) {
    text += row([
      one.kind,
      `${one.firstMs.toFixed(0)} ms (CPU ${one.firstCpuMs.toFixed(0)} ms)`,
      `${one.heapMiB.toFixed(0)} MiB`,
      `${((one.cpuMsPerSecond * 100) / one.rate).toFixed(0)} ms`,
      `${one.lagMs.toFixed(0)} ms`,
      one.changes,
      one.tables,
    ])
  }
  return `${text}\nKubernetes is a stand-in in another process, etcd a real one; CPU is that of the gateway, changes come at about ${figures[0].rate.toFixed(0)} a second, and "known after" is\nthe time from the last of them until the gateway gives requests to it.\n\n${result.date}, \`node --expose-gc bench/discovery-scale/run.mjs --write\`.\n`
}

function absentSection(scenarios, results) {
  let text = ''
  for (const { name, title } of scenarios)
    for (const [subject, reason] of Object.entries(results.get(name)?.data.absent ?? {}))
      text += row([title, titleOf(subject), reason.replaceAll('|', '/').replaceAll('\n', ' ').slice(0, 300)])
  return text === '' ? '' : `## Not measured\n\n${head(['scenario', 'who', 'why'])}${text}`
}

function machineSection(results) {
  const places = new Map()
  for (const { machine, versions, scenario } of results.values()) {
    const key = JSON.stringify({ machine, versions })
    places.set(key, [...(places.get(key) ?? []), scenario])
  }
  let text = '## Machine and versions\n'
  for (const [key, names] of places) {
    const { machine, versions } = JSON.parse(key)
    const list = Object.entries(versions).map(([name, version]) => (version === null ? `${name}: missing` : `${name}: ${version}`))
    text += `\n${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Linux ${machine.kernel} (${names.join(', ')}):\n\n${list.map((one) => `- ${one}\n`).join('')}`
  }
  return text
}

function notes() {
  return existsSync(NOTES) ? readFileSync(NOTES, 'utf8') : ''
}
