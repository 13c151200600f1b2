// k6 run --vus 1000 --duration 30s bench/k6/http.js: every user asks for the paths in turn. URL, PATHS (with commas) and TOKEN come from the environment.
import { check } from 'k6'
import http from 'k6/http'

const url = __ENV.URL ?? 'http://127.0.0.1:8080'
const paths = (__ENV.PATHS ?? '/').split(',')
const headers = __ENV.TOKEN === undefined ? {} : { Authorization: `Bearer ${__ENV.TOKEN}` }

export const options = {
  discardResponseBodies: true,
  thresholds: { checks: ['rate>0.999'], http_req_failed: ['rate<0.001'] },
  summaryTrendStats: ['med', 'p(90)', 'p(99)', 'p(99.9)', 'max'],
}

export default function ask() {
  const path = paths[__ITER % paths.length]
  check(http.get(url + path, { headers, tags: { name: path } }), { 'is 200': ({ status }) => status === 200 })
}
