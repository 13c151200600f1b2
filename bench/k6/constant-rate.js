// k6 run bench/k6/constant-rate.js: RATE requests a second (3000) for DURATION (30s), however slow the answers are; URL as in http.js.
import { check } from 'k6'
import http from 'k6/http'

const rate = Number(__ENV.RATE ?? 3000)

export const options = {
  discardResponseBodies: true,
  scenarios: {
    steady: {
      executor: 'constant-arrival-rate',
      rate,
      timeUnit: '1s',
      duration: __ENV.DURATION ?? '30s',
      preAllocatedVUs: Math.ceil(rate / 50),
      maxVUs: rate,
    },
  },
  // An iteration that could not be started in time is a request that was not sent: the rate was not what it says.
  thresholds: { checks: ['rate>0.999'], dropped_iterations: ['count<1'] },
  summaryTrendStats: ['med', 'p(90)', 'p(99)', 'p(99.9)', 'max'],
}

export default function ask() {
  check(http.get(__ENV.URL ?? 'http://127.0.0.1:8080/'), { 'is 200': ({ status }) => status === 200 })
}
