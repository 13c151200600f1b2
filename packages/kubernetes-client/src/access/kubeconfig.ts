import * as v from 'valibot'
import { dirname, resolve } from 'node:path'
import { Outage } from '@octopus-gateway/discovery-support'
import { parseDocument } from 'yaml'
import { read } from './read.ts'
import type { Access } from './access.ts'
import type { Logger } from '@octopus-gateway/core'

const cluster = v.looseObject({
  server: v.string(),
  'certificate-authority': v.optional(v.string()),
  'certificate-authority-data': v.optional(v.string()),
  'tls-server-name': v.optional(v.string()),
  'insecure-skip-tls-verify': v.optional(v.boolean()),
})
const user = v.looseObject({
  token: v.optional(v.string()),
  tokenFile: v.optional(v.string()),
  'client-certificate': v.optional(v.string()),
  'client-certificate-data': v.optional(v.string()),
  'client-key': v.optional(v.string()),
  'client-key-data': v.optional(v.string()),
})
const named = v.looseObject({ name: v.string() })
const file = v.looseObject({
  'current-context': v.string(),
  contexts: v.array(
    v.looseObject({
      ...named.entries,
      context: v.looseObject({ cluster: v.string(), user: v.string(), namespace: v.optional(v.string()) }),
    }),
  ),
  clusters: v.array(v.looseObject({ ...named.entries, cluster })),
  users: v.array(v.looseObject({ ...named.entries, user: v.nullable(user) })),
})

/** What the kubectl of the user can do and this client cannot: to leave it out would be another user, or another way, than the file says. */
const UNKNOWN: Readonly<Record<string, string>> = {
  exec: 'gets its credentials from a program (exec), and the gateway runs none; use a token or a client certificate, such as of a service account',
  'auth-provider': 'has an auth-provider; use a token or a client certificate',
  username: 'has a password, which Kubernetes no longer knows; use a token or a client certificate',
  as: 'acts as another user (as); use a context without it',
}

/** Access as a kubeconfig says in its current context. Rejects with an `Outage` that names the file and what is wrong, never a credential. */
export async function kubeconfig(path: string, log: Logger): Promise<Access> {
  const found = currentOf(path, (await read(path, 'check the option kubeconfig')).toString())
  const problem = (text: string): Outage => new Outage(`${path}: ${text}.`)
  for (const [key, reason] of Object.entries(UNKNOWN)) if (key in found.user) throw problem(`the user "${found.userName}" ${reason}`)
  if ('proxy-url' in found.cluster) throw problem('proxy-url is not supported; use a context without it')
  if (!URL.canParse(found.cluster.server)) throw problem(`the server of the cluster "${found.clusterName}" is not a URL`)
  const server = new URL(found.cluster.server)
  const beside = (file: string): string => resolve(dirname(path), file)
  const material = async (data: string | undefined, file: string | undefined): Promise<Buffer | undefined> =>
    data !== undefined ? Buffer.from(data, 'base64') : file !== undefined ? read(beside(file), `${path} names it`) : undefined
  const ca = await material(found.cluster['certificate-authority-data'], found.cluster['certificate-authority'])
  const cert = await material(found.user['client-certificate-data'], found.user['client-certificate'])
  const key = await material(found.user['client-key-data'], found.user['client-key'])
  const { token, tokenFile } = found.user
  if (server.protocol !== 'https:' && (token ?? tokenFile) !== undefined && !isLoopback(server.hostname))
    throw problem('a token is not sent in the clear; the server must be an https URL')
  if (server.protocol !== 'https:' && server.protocol !== 'http:') throw problem('the server must be an https URL')
  const isUnchecked = found.cluster['insecure-skip-tls-verify'] === true
  if (isUnchecked) log.warn('the certificate of the Kubernetes API is not checked, as the kubeconfig says', { kubeconfig: path })
  return {
    server,
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(found.cluster['tls-server-name'] === undefined ? {} : { servername: found.cluster['tls-server-name'] }),
      ...(isUnchecked ? { rejectUnauthorized: false } : {}),
    },
    token: async () => (tokenFile === undefined ? token : (await read(beside(tokenFile), `${path} names it`)).toString().trim()),
    namespace: found.namespace ?? 'default',
    remedy: `check the user "${found.userName}" of ${path}`,
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host.startsWith('127.')
}

interface Current {
  readonly cluster: v.InferOutput<typeof cluster>
  readonly clusterName: string
  readonly user: v.InferOutput<typeof user>
  readonly userName: string
  readonly namespace: string | undefined
}

function currentOf(path: string, text: string): Current {
  const document = parseDocument(text, { version: '1.2', schema: 'core', logLevel: 'silent' })
  // The messages of the parser show the line, which may hold a credential.
  if (document.errors.length > 0) throw new Outage(`${path}: this is not YAML (${document.errors[0]!.code}).`)
  const result = v.safeParse(file, document.toJS({ maxAliasCount: 100 }))
  if (!result.success)
    throw new Outage(`${path}: this is no kubeconfig; ${v.getDotPath(result.issues[0]) ?? 'the file'} is missing or of another type.`)
  const { contexts, clusters, users, 'current-context': current } = result.output
  const context = contexts.find(({ name }) => name === current)?.context
  if (context === undefined) throw new Outage(`${path}: there is no context "${current}"; run kubectl config use-context.`)
  const found = clusters.find(({ name }) => name === context.cluster)?.cluster
  const who = users.find(({ name }) => name === context.user)
  if (found === undefined || who === undefined)
    throw new Outage(`${path}: the context "${current}" names a cluster or a user that is not there.`)
  return { cluster: found, clusterName: context.cluster, user: who.user ?? {}, userName: context.user, namespace: context.namespace }
}
