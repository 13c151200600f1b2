const MiB = 1024 ** 2
/** What is forgiven: the code of paths that only trouble walks, and the series it makes. */
const HEAP_MIB = 8
const FILES = 16

/** Each promise, whether it held, and what was seen. */
export function verdicts({ results, kills, before, after, ended, features, canReload, messages, cuts, reloads, missing, isStrict }) {
  const none = (name, ...which) => {
    const seen = which.reduce((sum, result) => sum + results[result], 0)
    const says = which.filter((result) => results[result] > 0).map((result) => `${results[result]} ${result}`)
    return { promise: name, holds: seen === 0, seen: seen === 0 ? 'none' : says.join(', ') }
  }
  const late = kills.filter(({ inFlight, lost }) => lost.length > inFlight)
  const list = [
    { promise: 'the gateway stays', holds: ended === null, seen: ended === null ? 'it did' : `ended: ${ended}` },
    none(
      'no request fails before its head was sent',
      'failed before the head',
      'refused by the gateway',
      'failing status passed on',
      'no end',
    ),
    none('no body is completed that was cut', 'silently truncated'),
    none('no answer has the content of another', 'wrong content'),
    {
      promise: 'all is well before and after',
      holds: [before, after].every(({ failures: list }) => list.length === 0),
      seen: `${before.failures.length} and ${after.failures.length} failures`,
    },
    { promise: 'nothing is in flight at the end', holds: after.active === 0, seen: `${after.active} active` },
    ...growth(before, after),
  ]
  if (features.includes('workers'))
    list.push({
      promise: 'a killed worker fails at most what is in flight on it',
      holds: late.length === 0,
      seen: `${kills.length} killed, ${kills.reduce((sum, { inFlight }) => sum + inFlight, 0)} in flight, ${kills.reduce((sum, { lost }) => sum + lost.length, 0)} lost`,
    })
  list.push(accounted(results, cuts, kills))
  if (isStrict)
    list.push({ promise: 'everything that the promise needs is there', holds: missing.length === 0, seen: missing.join(', ') || 'it is' })
  if (canReload) {
    const applied = count(messages, 'configuration reloaded')
    const refused = count(messages, 'configuration refused')
    const seen = `${reloads.sent} asked for, ${applied} applied, ${refused} of ${reloads.broken} broken ones refused`
    // Those that are asked for while one runs are answered by one more.
    list.push({
      promise: 'reloads are applied, broken ones refused',
      holds: applied >= (reloads.sent - reloads.broken) / 2 && refused <= reloads.broken,
      seen,
    })
  }
  return list
}

/** What the gateway counts as cut against what clients saw; a killed worker takes what it has not told yet with it. */
function accounted({ cut }, cuts, kills) {
  const promise = 'cut bodies are counted by the gateway'
  if (cuts === null) return { promise, holds: false, seen: `no metric counts them; clients saw ${cut}` }
  const forgiven = kills.length === 0 ? 0 : Math.ceil(cut / 10)
  return { promise, holds: Math.abs(cuts - cut) <= forgiven, seen: `${cuts} counted, ${cut} seen by clients` }
}

function count(messages, text) {
  return Object.entries(messages).reduce((sum, [message, times]) => (message.includes(text) ? sum + times : sum), 0)
}

/** Heap, files and handles of the worst worker against the worst before. */
function growth(before, after) {
  const rows = []
  for (const role of ['worker', 'control']) {
    const worst = ({ inside }, of) => Math.max(...inside.filter((one) => one.role === role).map(of))
    if (!after.inside.some((one) => one.role === role)) continue
    const row = (what, of, most, unit) => {
      const [from, to] = [worst(before, of), worst(after, of)]
      rows.push({
        promise: `no leak of ${what} (${role})`,
        holds: to - from <= most,
        seen: `${from.toFixed(unit === 'MiB' ? 1 : 0)} to ${to.toFixed(unit === 'MiB' ? 1 : 0)} ${unit}`,
      })
    }
    row('heap', ({ heapUsed }) => heapUsed / MiB, HEAP_MIB, 'MiB')
    row('buffers', ({ external }) => external / MiB, HEAP_MIB, 'MiB')
    row('files', ({ files }) => files, FILES, 'open')
    row('handles', ({ resources }) => Object.values(resources).reduce((sum, number) => sum + number, 0), FILES, 'held')
  }
  return rows
}
