import { createServer as createTlsServer } from 'node:https'
import { createServer } from 'node:http'
import { discoveryAnswer, RESOURCES, resourceOf, targetOf } from './kubernetes/resources.ts'
import { failure, send } from './kubernetes/answers.ts'
import { isAllowed } from './kubernetes/rbac.ts'
import { list, one, verbOf, watch } from './kubernetes/requests.ts'
import { listen, type Listening } from '../listen.ts'
import { objectsOf, type KubernetesService } from './kubernetes/services.ts'
import { Store, type KubernetesObject } from './kubernetes/store.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Watch } from './kubernetes/watch.ts'

export type { KubernetesObject } from './kubernetes/store.ts'
export type { KubernetesEndpoint, KubernetesPort, KubernetesService } from './kubernetes/services.ts'

/** How an API server is to behave. */
export interface KubernetesOptions {
  /** Default 0: any free port, which it keeps through `stop` and `start`. */
  readonly port?: number
  /** Serves TLS, and takes client certificates of this authority for users. Default: plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string }
  /**
   * Bearer tokens and whose they are. `system:serviceaccount:<namespace>:<name>` may do what the Roles in the store say, anybody else everything.
   * Default: nobody is asked who he is.
   */
  readonly tokens?: Readonly<Record<string, string>>
  /** Milliseconds after which a watch ends by itself, whatever the client wants. Default: as the client wants. */
  readonly longestWatch?: number
  /** Milliseconds between bookmarks. Default 60,000, as servers do. */
  readonly bookmarkEvery?: number
}

/** A request as the API server got it. */
export interface KubernetesRequest {
  readonly verb: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  /** The status of the answer, once there is one. */
  readonly status: number
}

/** An API server with the namespace `default`, on 127.0.0.1. */
export interface KubernetesApi extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** Connections open now. */
  readonly open: number
  /** The last 10,000 requests. */
  readonly requests: readonly KubernetesRequest[]
  /** Creates an object or replaces it, whether or not the server is stopped. */
  put(object: KubernetesObject): KubernetesObject
  delete(object: { readonly apiVersion: string; readonly kind: string; readonly name: string; readonly namespace?: string }): void
  /** Creates or replaces a Service and its EndpointSlices. */
  putService(service: KubernetesService): void
  deleteService(name: string, namespace?: string): void
  addNamespace(name: string): void
  /** Forgets the history, and tells open watches so: `410 Gone`. */
  compact(): void
  /** Sends a bookmark to every watch that takes them. */
  bookmark(): void
  /** Ends every open watch without a word. */
  endWatches(): void
  /** Answers the next `times` requests of a verb with this status. */
  fail(verb: string, status: number, times: number): void
  stop(): Promise<void>
  start(): Promise<void>
}

/**
 * Starts a stand-in for the API server of Kubernetes: lists with `limit` and `continue`, watches with revisions, bookmarks and `410 Gone`, label and field
 * selectors, metadata alone, discovery, service accounts and their Roles. It keeps objects and runs nothing: there are no controllers.
 */
export async function startKubernetes(options: KubernetesOptions = {}): Promise<KubernetesApi> {
  const store = new Store()
  const watches = new Set<Watch>()
  const failures: { readonly verb: string; readonly status: number; times: number }[] = []
  const requests: { verb: string; path: string; query: Record<string, string>; status: number }[] = []
  const addNamespace = (name: string): void => void store.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  addNamespace('default')

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://kubernetes')
    const target = targetOf(pathname)
    const verb = target === undefined ? 'get' : verbOf({ request, response, target, query })
    const record = { verb, path: pathname, query: Object.fromEntries(query), status: 0 }
    requests.push(record)
    if (requests.length > 10_000) requests.shift()
    const user = userOf(request, options)
    try {
      if (user === undefined) return send(response, 401, failure(401, 'Unauthorized'))
      const failing = failures.find((one) => one.verb === verb && one.times > 0)
      if (failing !== undefined) {
        failing.times -= 1
        return send(response, failing.status, failure(failing.status, 'told to fail'))
      }
      const document = discoveryAnswer(pathname)
      if (document !== undefined) return send(response, 200, document)
      if (target === undefined) return send(response, 404, failure(404, 'the server could not find the requested resource'))
      if (!isAllowed(store, user, verb, target)) {
        const { resource, namespace } = target
        const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`
        const message = `${resource.plural} is forbidden: User "${user}" cannot ${verb} resource "${resource.plural}" in API group "${resource.group}" ${where}`
        return send(response, 403, failure(403, message))
      }
      const ask = { request, response, target, query }
      if (verb === 'list') return list(store, ask)
      if (verb !== 'watch') return await one(store, ask)
      const opened = watch(store, ask, options.longestWatch ?? Infinity)
      if (opened !== undefined) {
        watches.add(opened)
        response.on('close', () => watches.delete(opened))
      }
      return undefined
    } catch (thrown) {
      if (!response.headersSent) send(response, 400, failure(400, (thrown as Error).message))
      else response.destroy()
      return undefined
    } finally {
      record.status = response.statusCode
    }
  }

  const listener = (request: IncomingMessage, response: ServerResponse): void => void handle(request, response)
  const { tls } = options
  const open = (port: number): Promise<Listening> =>
    listen(
      tls === undefined
        ? createServer(listener)
        : createTlsServer(
            { ...tls, ...(tls.clientCa === undefined ? {} : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: false }) },
            listener,
          ),
      port,
    )
  let listening = await open(options.port ?? 0)
  const { port } = listening
  const bookmark = (): void => watches.forEach((one) => one.bookmark())
  const ticking = setInterval(bookmark, options.bookmarkEvery ?? 60_000)

  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    get open() {
      return listening.open
    },
    requests,
    put: (object) => store.put(object),
    delete(object) {
      const resource = resourceOf(object)
      store.delete(resource, resource.isNamespaced ? (object.namespace ?? 'default') : undefined, object.name)
    },
    putService(service) {
      const { service: object, slices } = objectsOf(service)
      store.put(object)
      for (const slice of slices) store.put(slice)
    },
    deleteService(name, namespace = 'default') {
      const slices = RESOURCES.find(({ plural }) => plural === 'endpointslices')!
      for (const { metadata } of store.list(slices, namespace)) {
        if (metadata.labels?.['kubernetes.io/service-name'] === name) store.delete(slices, namespace, metadata.name)
      }
      store.delete(
        RESOURCES.find(({ plural }) => plural === 'services')!,
        namespace,
        name,
      )
    },
    addNamespace,
    compact() {
      store.compact()
      for (const one of watches) one.expire(failure(410, 'too old resource version'))
      watches.clear()
    },
    bookmark,
    endWatches() {
      for (const one of watches) one.end()
      watches.clear()
    },
    fail: (verb, status, times) => void failures.push({ verb, status, times }),
    stop: () => listening.close(),
    async start() {
      listening = await open(port)
    },
    async [Symbol.asyncDispose]() {
      clearInterval(ticking)
      await listening.close()
    },
  }
}

/** Who asks, or `undefined` for somebody who may not. */
function userOf(request: IncomingMessage, { tokens, tls }: KubernetesOptions): string | undefined {
  if (tokens === undefined && tls?.clientCa === undefined) return 'anybody'
  const socket = request.socket as typeof request.socket & { readonly authorized?: boolean }
  if (tls?.clientCa !== undefined && socket.authorized === true) return 'a client certificate'
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
  return token === undefined || tokens === undefined || !Object.hasOwn(tokens, token) ? undefined : tokens[token]
}
