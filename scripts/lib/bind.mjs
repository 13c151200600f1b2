import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bindOptions } from './bind-options.mjs'

/** A real BIND with the zone `test.` in a file: `write` says what stands in it from the next start on; `start`, `stop`, `close`. `program` is the path of named. */
export async function startBind(program, port, records) {
  const folder = mkdtempSync(join(tmpdir(), 'octopus-bind-'))
  let child
  let serial = 1
  const bind = {
    server: `127.0.0.1:${port}`,
    write(lines) {
      const head = `$TTL 1\n@ IN SOA ns admin ${serial++} 3600 600 86400 1\n@ IN NS ns\nns IN A 127.0.0.1\n`
      writeFileSync(join(folder, 'test.zone'), `${head}${lines.join('\n')}\n`)
    },
    async start() {
      child = spawn(program, ['-g', '-4', '-n', '1', '-c', join(folder, 'named.conf')], { stdio: ['ignore', 'ignore', 'pipe'] })
      process.once('exit', () => child.kill('SIGKILL'))
      let said = ''
      child.stderr.setEncoding('utf8')
      for await (const text of child.stderr.iterator({ destroyOnReturn: false })) {
        said += text
        if (said.includes(' running\n')) break
      }
      child.stderr.resume()
      if (!said.includes(' running\n')) throw new Error(`named has ended:\n${said}`)
    },
    async stop() {
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
    async close() {
      if (child.exitCode === null && child.signalCode === null) await bind.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  const zone = 'zone "test" { type primary; file "test.zone"; };\n'
  writeFileSync(join(folder, 'named.conf'), bindOptions(folder, port) + zone)
  bind.write(records)
  await bind.start()
  return bind
}
