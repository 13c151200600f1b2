// Runs the image in a network of its own, with nothing in it but loopback: node running.mjs <image>. Prints what is true, and ends with 1 at what is not.
import { createServer, get } from 'node:http'
import { createRequire } from 'node:module'
import { deepStrictEqual as equal, match, notStrictEqual as notEqual } from 'node:assert'
import { join } from 'node:path'
import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { main } from '../../../lib/say.mjs'
import { ROOT } from '../../../lib/workspace.mjs'
import { inspect, PLACE, podman, podmanCode } from './podman.mjs'

const [image] = process.argv.slice(2)
const GATEWAY = 'http://127.0.0.1:8080'
const ADMIN = 'http://127.0.0.1:9090'
/** As Kubernetes runs it: nothing can be written, and there is nothing to gain. Limits of what any machine allows. */
const HARD = [
  ['--network', 'host'],
  ['--read-only', '--read-only-tmpfs=false'],
  ['--cap-drop', 'all', '--security-opt', 'no-new-privileges'],
  ['--memory', '512m', '--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'],
].flat()

const { hashSync } = createRequire(join(ROOT, 'packages/admin/package.json'))('bcrypt')
const config = join(PLACE, 'config.yaml')
writeFileSync(
  config,
  `server: { workers: 2 }
admin: { address: 0.0.0.0:9090, auth: { type: basic, username: admin, password_hash: "\${OCTOPUS_ADMIN_PASSWORD_HASH}" } }
upstreams: [{ name: users, instances: [{ address: 127.0.0.1, port: 8081 }] }]
routes: [{ path: "/*", upstream: users }]
`,
)

let arrived = 0
const answers = []
const upstream = createServer((req, res) => {
  arrived++
  if (req.url === '/slow') answers.push(() => res.end('late'))
  else res.end(`you asked for ${req.url}`)
})
await new Promise((resolve) => upstream.listen(8081, '127.0.0.1', resolve))

/** `{ status, body }`, or `{ error }`. */
const ask = (url, headers = {}) =>
  new Promise((resolve) => {
    get(url, { headers, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text) => (body += text))
      response.on('end', () => resolve({ status: response.statusCode, body }))
      response.on('error', (error) => resolve({ error: error.code }))
    }).on('error', (error) => resolve({ error: error.code }))
  })

async function until(what, holds) {
  for (let tries = 0; tries < 1200; tries++) {
    if (await holds()) return
    await sleep(100)
  }
  throw new Error(`${what}: not within two minutes. The log of the container:\n${await podman('logs', 'gateway')}`)
}

const start = (...args) => podman('run', '--detach', '--name', 'gateway', ...HARD, ...args)
const state = async () => (await inspect('container', 'gateway')).State
const health = async () => (await podmanCode('healthcheck', 'run', 'gateway')).code
const mounted = ['--volume', `${config}:/etc/octopus/config.yaml:ro`]
const secret = ['--env', `OCTOPUS_ADMIN_PASSWORD_HASH=${hashSync('secret', 4)}`]

async function serves() {
  await start(...mounted, ...secret, image)
  await until('readiness', async () => (await ask(`${GATEWAY}/readyz`)).status === 200)
  equal(await ask(`${GATEWAY}/a?b`), { status: 200, body: 'you asked for /a?b' })
  equal((await ask(`${ADMIN}/_/routes`)).status, 401)
  equal((await ask(`${ADMIN}/_/routes`, { authorization: `Basic ${btoa('admin:secret')}` })).status, 200)
  console.log('ok   it serves with two workers, read-only and without capabilities; the admin API asks for its password')
}

async function isNobody() {
  const { Pid } = await state()
  const status = readFileSync(`/proc/${Pid}/status`, 'utf8')
  match(status, /^Uid:\t10001\t10001\t10001\t10001$/m)
  match(status, /^NSpid:\t\d+\t1$/m)
  match(status, /^NoNewPrivs:\t1$/m)
  match(status, /^CapEff:\t0+$/m)
  const write = `require('node:fs').writeFileSync('/app/x', '')`
  match((await podmanCode('exec', 'gateway', 'node', '-e', write)).output, /EROFS|EACCES/)
  console.log('ok   it is process 1 of user 10001, and can change nothing of itself')
}

async function isHealthy() {
  equal(await health(), 0)
  const elsewhere = await podmanCode('exec', '--env', 'OCTOPUS_HEALTH_URL=http://127.0.0.1:8081', 'gateway', 'node', '/app/health.mjs')
  equal(elsewhere.code, 0)
  const nowhere = await podmanCode('exec', '--env', 'OCTOPUS_HEALTH_URL=http://127.0.0.1:1', 'gateway', 'node', '/app/health.mjs')
  equal(nowhere.code, 1)
  console.log('ok   its health check knows whether it serves')
}

async function endsInOrder() {
  const before = arrived
  const late = ask(`${GATEWAY}/slow`)
  await until('the slow request', () => arrived > before)
  const stopping = podman('stop', '--time', '60', 'gateway')
  await until('draining', async () => (await ask(`${GATEWAY}/livez`)).status !== 200)
  equal((await state()).Status, 'stopping')
  answers.forEach((answer) => answer())
  equal(await late, { status: 200, body: 'late' })
  await stopping
  const { ExitCode, OOMKilled } = await state()
  equal({ ExitCode, OOMKilled }, { ExitCode: 0, OOMKilled: false })
  match(await podman('logs', 'gateway'), /gateway stopping/)
  await podman('rm', 'gateway')
  console.log('ok   SIGTERM lets a request finish, and ends it with 0')
}

async function saysWhatIsWrong() {
  const once = ['run', '--rm', '--no-healthcheck', ...HARD]
  const { code, output } = await podmanCode(...once, image)
  notEqual(code, 0)
  match(output, /\/etc\/octopus\/config\.yaml/)
  match(await podman(...once, image, 'version'), /^octopus \d/)
  match(await podman(...once, ...mounted, ...secret, image, 'validate', '--config', '/etc/octopus/config.yaml'), /^OK: /m)
  console.log('ok   without a configuration it ends and says which file it misses; other commands run as well')
}

await main(async () => {
  for (const check of [serves, isNobody, isHealthy, endsInOrder, saysWhatIsWrong]) await check()
})
upstream.close()
