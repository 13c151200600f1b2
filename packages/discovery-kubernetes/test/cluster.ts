import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tmpdir } from 'node:os'

/** A kubeconfig file for tests. */
export interface KubeconfigFile extends AsyncDisposable {
  readonly path: string
  readonly folder: string
}

/** Writes a kubeconfig with one context. `cluster` and `user` are the keys of theirs beside the server. */
export async function writeKubeconfig(
  server: string,
  user: object = {},
  { cluster = {}, context = {} }: { readonly cluster?: object; readonly context?: object } = {},
): Promise<KubeconfigFile> {
  const folder = await mkdtemp(join(tmpdir(), 'octopus-kubernetes-'))
  const path = join(folder, 'config')
  const value = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'tester', ...context } }],
    clusters: [{ name: 'test', cluster: { server, ...cluster } }],
    users: [{ name: 'tester', user }],
  }
  await writeFile(path, JSON.stringify(value))
  return { path, folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}
