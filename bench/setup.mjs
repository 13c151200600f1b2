// npm run bench:setup: what the benchmark measures with and beside. Programs come with apt, as root; packages from npm into bench/peers.
import '../scripts/lib/node-version.mjs'
import { installAside } from '../scripts/lib/aside.mjs'
import { inherit } from '../scripts/lib/run.mjs'
import { main, say } from '../scripts/lib/say.mjs'

const PROGRAMS = [
  'nginx:nginx-light',
  'haproxy:haproxy',
  'caddy:caddy',
  'wrk:wrk',
  'h2load:nghttp2-client',
  'openssl:openssl',
  'taskset:util-linux',
]

await main(async () => {
  const code = await inherit('bash', ['scripts/test-components.sh', ...PROGRAMS])
  if (code !== 0) process.exitCode = code
  await installAside('bench/peers')
  say('The peers from npm are there.')
})
