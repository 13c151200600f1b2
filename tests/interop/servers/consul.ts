import { closedPort, waitFor } from '@octopus-gateway/testing'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Program } from '../../support/process.ts'
import { programUnderTest } from './program.ts'
import { randomUUID } from 'node:crypto'
import { Relay } from '../../support/relay.ts'
import { tmpdir } from 'node:os'
import type { ConsulServer, ConsulServerOptions } from '../../support/registries/consul.ts'

/** A real agent in its development mode, on free ports. Tests reach it through a door that can be shut. */
export async function realConsul({ token, tls }: ConsulServerOptions = {}): Promise<ConsulServer> {
  const folder = mkdtempSync(join(tmpdir(), 'octopus-consul-'))
  const [http, https, server, lan, wan] = await Promise.all([1, 2, 3, 4, 5].map(() => closedPort()))
  const secure = tls === undefined ? {} : secured(folder, tls)
  const acl = { enabled: true, default_policy: 'deny', tokens: { initial_management: token, agent: token } }
  const config = {
    node_name: 'node-1',
    bind_addr: '127.0.0.1',
    disable_update_check: true,
    ports: { http, https: tls === undefined ? -1 : https, grpc: -1, grpc_tls: -1, dns: -1, server, serf_lan: lan, serf_wan: wan },
    ...(token === undefined ? {} : { acl }),
    ...secure,
  }
  writeFileSync(join(folder, 'consul.json'), JSON.stringify(config))
  const agent = new Program(programUnderTest(), ['agent', '-dev', `-config-file=${join(folder, 'consul.json')}`])
  const own = `http://127.0.0.1:${http}/v1`
  const headers: Record<string, string> = token === undefined ? {} : { 'x-consul-token': token }

  async function ask(path: string, body: string | Buffer): Promise<string> {
    const response = await fetch(`${own}/${path}`, { method: 'PUT', body: new Uint8Array(Buffer.from(body)), headers })
    const text = await response.text()
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`)
    return text
  }

  async function put(path: string, body: string | Buffer = ''): Promise<void> {
    await ask(path, body)
  }

  async function end(): Promise<void> {
    await agent[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  }

  async function isReady(): Promise<boolean> {
    if (agent.hasExited) throw new Error(`The agent has ended:\n${agent.output}`)
    // Its own registration is the last thing that happens.
    const response = await fetch(`${own}/health/node/node-1`, { headers })
    return response.ok && (await response.text()).includes('serfHealth')
  }

  await waitFor(isReady, { timeout: 60_000, every: 50, what: 'the agent' }).catch(async (thrown: unknown) => {
    await end()
    throw thrown
  })
  const relay = await Relay.to(tls === undefined ? http! : https!)
  return {
    port: relay.port,
    address: `127.0.0.1:${relay.port}`,
    get open() {
      return relay.connections
    },
    register: (service) => put('agent/service/register', JSON.stringify(service)),
    deregister: (id) => put(`agent/service/deregister/${encodeURIComponent(id)}`),
    report: (checkId, status) => put(`agent/check/update/${encodeURIComponent(checkId)}`, JSON.stringify({ Status: status })),
    maintain: (id, enable, reason) =>
      put(`agent/service/maintenance/${encodeURIComponent(id)}?${new URLSearchParams({ enable: String(enable), reason })}`),
    putValue: (key, value) => put(`kv/${key}`, value),
    async tokenFor(prefix) {
      const rules = `service_prefix "${prefix}" { policy = "read" } node_prefix "" { policy = "read" }`
      const { ID } = JSON.parse(await ask('acl/policy', JSON.stringify({ Name: randomUUID(), Rules: rules }))) as { readonly ID: string }
      const made = await ask('acl/token', JSON.stringify({ Policies: [{ ID }] }))
      return (JSON.parse(made) as { readonly SecretID: string }).SecretID
    },
    stop: () => relay.shut(),
    start: () => relay.open(),
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]()
      await end()
    },
  }
}

function secured(folder: string, { cert, key, ca }: NonNullable<ConsulServerOptions['tls']>): object {
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const files = { cert_file: write('cert.pem', cert), key_file: write('key.pem', key) }
  return { tls: { https: { ...files, ...(ca === undefined ? {} : { ca_file: write('ca.pem', ca), verify_incoming: true }) } } }
}
