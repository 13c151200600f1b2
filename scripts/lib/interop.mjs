import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { digest } from './hash.mjs'
import { capture, tail } from './run.mjs'
import { goProgram } from './go-program.mjs'
import { Stop } from './say.mjs'
import { CACHE, ROOT } from './workspace.mjs'

/** Builds the server of a Maven project in `tests/interop`, unless it is there as its files say: one file for Java. */
async function javaProgram(name, sources) {
  const project = join(ROOT, 'tests', 'interop', name)
  const key = digest(sources.map((file) => join(project, file)))
  const target = join(CACHE, 'interop', `${name}-${key.slice(0, 12)}`)
  const path = join(target, `${name}.jar`)
  if (existsSync(path)) return path
  const building = `${target}.new`
  rmSync(building, { recursive: true, force: true })
  mkdirSync(building, { recursive: true })
  // Who has a repository of his own for Maven names it in the environment; otherwise it is inside the checkout.
  const repository = process.env.MAVEN_REPO_LOCAL ?? join(CACHE, 'interop', 'maven')
  const args = ['-q', '-B', `-Dmaven.repo.local=${repository}`, `-Doctopus.target=${building}`, 'package']
  const { code, output } = await capture('mvn', args, { cwd: project }).catch((error) => {
    if (error.code !== 'ENOENT') throw error
    throw new Stop('there is no Maven here')
  })
  if (code !== 0) throw new Stop(`"mvn package" ended with ${code}:\n${tail(output, 8)}`)
  renameSync(building, target)
  return path
}

const eureka = () => javaProgram('eureka', ['pom.xml', 'src/main/java/eureka/Server.java'])

const etcd = (version) => goProgram({ name: 'etcd', module: 'go.etcd.io/etcd/server/v3', version })

const consul = () => goProgram({ name: 'consul', module: 'github.com/hashicorp/consul', version: '1.14.11' })

const kubernetes = () =>
  goProgram({
    name: 'kube-apiserver',
    module: 'k8s.io/kubernetes',
    version: '1.34.4',
    main: 'k8s.io/kubernetes/cmd/kube-apiserver',
    parts: '0.34.4',
    variables: { 'k8s.io/component-base/version.gitVersion': 'v1.34.4' },
  })

const helm = () => goProgram({ name: 'helm', module: 'helm.sh/helm/v3', version: '3.18.6', main: 'helm.sh/helm/v3/cmd/helm' })

/**
 * The real servers: what each is called in messages, and how it is had, with what it needs beside it. Versions are pinned; that of Consul is one of the
 * last under a licence that lets anybody run it for anything.
 */
export const servers = new Map([
  ['consul', { title: 'Consul 1.14', build: async () => [await consul()] }],
  ['eureka', { title: 'Eureka of Spring Cloud 2025.0', build: async () => [await eureka()] }],
  ['etcd-3.5', { title: 'etcd 3.5', build: async () => [await etcd('3.5.21')] }],
  ['etcd-3.6', { title: 'etcd 3.6', build: async () => [await etcd('3.6.16')] }],
  // No server, but had in the same way: what people install the chart with.
  ['helm', { title: 'Helm 3.18', build: async () => [await helm()] }],
  ['kubernetes', { title: 'the API server of Kubernetes 1.34', build: async () => [await kubernetes(), await etcd('3.6.16')] }],
])
