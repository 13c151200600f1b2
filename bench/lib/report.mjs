import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { median, ratios, spread } from './statistics.mjs'

/** The budgets of this stage: how many times less CPU than the peer a request may cost at the least. */
const BUDGETS = {
  'get-200-plain': { nginx: 0.25, fastify: 1.8 },
  'get-200-logged': { fastify: 1.5 },
  'post-1k': { fastify: 1.4 },
  'get-64k': { fastify: 1.1 },
  'web-get': { fastify: 0.8 },
  'web-post': { fastify: 0.6 },
}

/** Makes the table; with a folder it also keeps the raw rounds and puts the table into RESULTS.md. */
export function writeResults(results, folder) {
  const text = table(results)
  if (folder !== null) {
    mkdirSync(join(folder, 'results'), { recursive: true })
    writeFileSync(join(folder, 'results', 'http.json'), `${JSON.stringify(results, null, 1)}\n`)
    replaceSection(join(folder, 'RESULTS.md'), 'http', text)
  }
  return text
}

/** Puts a generated section between its marks in RESULTS.md. */
export function replaceSection(file, name, text) {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const before = readFileSync(file, 'utf8')
  const from = before.indexOf(open)
  const to = before.indexOf(close)
  if (from === -1 || to === -1) throw new Error(`${file} has no section "${name}".`)
  writeFileSync(file, `${before.slice(0, from)}${open}\n${text}${before.slice(to)}`)
}

function table(results) {
  const { versions } = results
  let text = `\n${results.date}, ${versions.cpu}, ${versions.cores} cores, Node ${versions.node}, ${versions.nginx}, ${versions.wrk.trim()}.\n`
  text += `${results.rounds} interleaved rounds of ${results.seconds} s, 64 connections. Median (min-max). A ratio above 1 means less CPU per request than the peer.\n\n`
  text += '| scenario | CPU us/request | requests/s | x nginx | budget | x @fastify/http-proxy | budget |\n|---|---|---|---|---|---|---|\n'
  for (const [name, { title, rounds }] of Object.entries(results.scenarios)) {
    const own = rounds.map((round) => round.octopus)
    const cells = ['nginx', 'fastify'].flatMap((peer) => {
      const values = ratios(rounds, 'octopus', peer)
      const budget = BUDGETS[name]?.[peer]
      return [spread(values), budget === undefined ? '-' : `${budget} ${median(values) >= budget ? 'met' : 'MISSED'}`]
    })
    text += `| ${title} | ${spread(
      own.map((one) => one.microsPerRequest),
      0,
    )} | ${median(own.map((one) => one.perSecond)).toFixed(0)} | ${cells.join(' | ')} |\n`
  }
  if (results.latency !== null) text += latencyText(results.latency)
  if (results.memory !== null) text += memoryText(results.memory)
  return `${text}\n`
}

function latencyText({ direct, octopus }) {
  const row = (key) =>
    `${median(direct.map((one) => one[key])).toFixed(2)} | ${median(octopus.map((one) => one[key])).toFixed(2)} | ${(median(octopus.map((one) => one[key])) - median(direct.map((one) => one[key]))).toFixed(2)}`
  return `\nLatency at 3,000 requests/s, 50 connections, metrics and access log on (ms):\n\n| | backend alone | through the gateway | added |\n|---|---|---|---|\n| p50 | ${row('p50')} |\n| p99 | ${row('p99')} |\n| p99.9 | ${row('p999')} |\n`
}

function memoryText({ atStart, loaded }) {
  const verdict = (value, budget) => `${value.toFixed(0)} MiB (budget ${budget}: ${value <= budget ? 'met' : 'MISSED'})`
  return `\nResident memory: ${verdict(atStart, 85)} at start, ${verdict(loaded, 140)} after load.\n`
}
