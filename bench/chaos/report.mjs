/** The run for people to read. */
export function report(outcome, judged) {
  const { results, started, statuses, milliseconds, peaks, misbehaviour, failures, kills, reloads, messages, before, after } = outcome
  table(`${started} requests`, results)
  console.log(`  statuses ${JSON.stringify(statuses)}, ms ${JSON.stringify(milliseconds)}, at most ${peaks.inFlight} in flight`)
  table('misbehaviour', misbehaviour)
  table('log of the gateway', messages)
  if (kills.length > 0)
    table(
      'killed workers',
      Object.fromEntries(
        kills.map(({ pid, inFlight, lost, connections }) => [
          pid,
          `${connections} connections, ${inFlight} in flight, ${lost.length} lost`,
        ]),
      ),
    )
  if (reloads.sent > 0) console.log(`reloads: ${reloads.sent}, of which ${reloads.broken} broken`)
  const rss = ({ inside }) => inside.map((one) => `${one.role} ${(one.rss / 1024 ** 2).toFixed(0)} MiB`).join(', ')
  console.log(`resident before: ${rss(before)}; after: ${rss(after)}`)
  const groups = new Map()
  for (const { result, detail, method, path } of failures) {
    const key = `${result}: ${detail} (${method === 'PUT' || method === 'QUERY' ? 'with a body' : 'no body'}, ${path.split('/')[1]})`
    groups.set(key, (groups.get(key) ?? 0) + 1)
  }
  table('not well', Object.fromEntries(groups))
  for (const failure of failures.filter(({ result }) => result !== 'cut').slice(0, 10))
    console.log(
      `  ${new Date(failure.at).toISOString().slice(11, 23)} ${failure.method} ${failure.path} ${failure.result} ${failure.detail} after ${failure.ms} ms; instances: ${failure.meanwhile}`,
    )
  console.log('\npromises')
  for (const { promise, holds, seen } of judged) console.log(`  ${holds ? 'ok  ' : 'FAIL'} ${promise}: ${seen}`)
}

function table(title, rows) {
  console.log(`\n${title}`)
  for (const [name, value] of Object.entries(rows)) console.log(`  ${String(value).padStart(8)}  ${name}`)
}
