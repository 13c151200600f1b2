import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, start, SUBJECT_CORE, versionOf } from '../lib/processes.mjs'

/** Caddy with its defaults, without an access log. */
export const caddy = {
  name: 'caddy',
  title: 'Caddy',
  peer: true,
  version: () => versionOf('caddy', ['version']),
  carries: ['http', 'https', 'h2', 'h2c'],
  async start({ folder, front, backend, certificate }) {
    const port = await freePort()
    const overTls = front === 'https' || front === 'h2'
    const origin = `${backend.protocol === 'h2c' ? 'h2c://' : ''}${new URL(backend.origins[0]).host}`
    const file = join(folder, 'Caddyfile')
    writeFileSync(
      file,
      `{
  admin off
  auto_https off
  servers {
    protocols ${front === 'http' || front === 'https' ? 'h1' : 'h1 h2 h2c'}
  }
}
${overTls ? 'https' : 'http'}://:${port} {
  bind 127.0.0.1
  ${overTls ? `tls ${certificate.cert} ${certificate.key}` : ''}
  reverse_proxy ${origin}
}
`,
    )
    const env = { HOME: folder, XDG_DATA_HOME: join(folder, 'caddy'), XDG_CONFIG_HOME: join(folder, 'caddy') }
    const process = await start('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], {
      name: 'caddy',
      core: SUBJECT_CORE,
      ports: [port],
      folder,
      env,
    })
    return { ...process, port }
  },
}
