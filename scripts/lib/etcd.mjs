import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const QUICK = ['--heartbeat-interval', '10', '--election-timeout', '100', '--unsafe-no-fsync']

const base64 = (text) => Buffer.from(text).toString('base64')

/** A real etcd of one member that keeps its contents while it is stopped: `start`, `stop`, `put`, `putAll`, `remove`, `close`. `program` is its path. */
export async function startEtcd(program, [port, peer]) {
  const folder = mkdtempSync(join(tmpdir(), 'octopus-etcd-'))
  const url = `http://127.0.0.1:${port}`
  const peerUrl = `http://127.0.0.1:${peer}`
  const args = [
    `--data-dir=${join(folder, 'data')}`,
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
    ...QUICK,
  ]
  let child

  async function ask(path, body) {
    const response = await fetch(`${url}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`)
  }
  const etcd = {
    url,
    get pid() {
      return child.pid
    },
    async start() {
      child = spawn(program, args, { stdio: 'ignore' })
      process.once('exit', () => child.kill('SIGKILL'))
      while ((await fetch(`${url}/health`).catch(() => null))?.ok !== true) {
        if (child.exitCode !== null) throw new Error(`etcd has ended with ${child.exitCode}`)
        await sleep(20)
      }
    },
    async stop() {
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
    put: (key, value) => ask('kv/put', { key: base64(key), value: base64(JSON.stringify(value)) }),
    /** Many at once: etcd takes no more than 128 in one transaction. */
    async putAll(entries) {
      for (let from = 0; from < entries.length; from += 128) {
        const some = entries.slice(from, from + 128)
        await ask('kv/txn', {
          success: some.map(([key, value]) => ({ request_put: { key: base64(key), value: base64(JSON.stringify(value)) } })),
        })
      }
    },
    remove: (key) => ask('kv/deleterange', { key: base64(key) }),
    async close() {
      if (child.exitCode === null && child.signalCode === null) await etcd.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await etcd.start()
  return etcd
}
