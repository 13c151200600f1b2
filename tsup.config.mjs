import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(fileURLToPath(import.meta.url))

/** `index`, `testing/index`…: what to build of a package, as its `exports` say, and the command's entries where there are some. */
function entriesOf(dir, manifest) {
  const sources = Object.values(manifest.exports ?? {}).map((conditions) => conditions['@octopus-gateway/source'])
  for (const program of ['bin', 'worker']) if (existsSync(join(dir, 'src', `${program}.ts`))) sources.push(`./src/${program}.ts`)
  if (manifest.private && sources.length === 0) {
    sources.push(
      ...readdirSync(join(dir, 'src'))
        .filter((name) => name.endsWith('.ts'))
        .map((name) => `./src/${name}`),
    )
  }
  return Object.fromEntries(sources.map((source) => [source.replace(/^\.\/src\//, '').replace(/\.ts$/, ''), source]))
}

/**
 * One configuration for every package: ESM, the syntax of Node 20, dependencies left to npm.
 * @param {string} dir the package's folder
 * @param {boolean} types whether to write declarations too
 */
export function optionsFor(dir, types) {
  const manifest = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))
  const own = join(dir, 'tsconfig.json')
  return {
    entry: entriesOf(dir, manifest),
    outDir: 'dist',
    format: ['esm'],
    target: 'es2022',
    platform: manifest.name === '@octopus-gateway/core' ? 'neutral' : 'node',
    tsconfig: existsSync(own) ? own : join(root, 'tsconfig.base.json'),
    skipNodeModulesBundle: true,
    sourcemap: true,
    splitting: true,
    clean: true,
    dts: types,
    silent: true,
    config: false,
    esbuildOptions(options) {
      // esbuild keeps the working directory of its first use; one process builds several packages.
      options.absWorkingDir = dir
      options.logLevel = 'silent'
    },
  }
}

// So that `tsup --config ../../tsup.config.mjs` builds the package one stands in.
export default () => optionsFor(process.cwd(), true)
