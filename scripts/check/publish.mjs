import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from '../lib/build.mjs'
import { pnpmCommand } from '../lib/pnpm.mjs'
import { capture, tail } from '../lib/run.mjs'
import { CACHE, ROOT, workspacePackages } from '../lib/workspace.mjs'

const PACKED = join(CACHE, 'pack')

async function pack({ dir, folder }) {
  const target = join(PACKED, folder.split('/')[1])
  mkdirSync(target, { recursive: true })
  const [node, ...args] = await pnpmCommand()
  const { code, output } = await capture(node, [...args, 'pack', '--pack-destination', target], { cwd: dir })
  if (code !== 0) throw new Error(`${folder} cannot be packed:\n${tail(output)}`)
  return join(target, readdirSync(target)[0])
}

async function inspect(one, tarball) {
  const tools = [
    ['publint', [join(ROOT, 'node_modules/publint/src/cli.js'), 'run', tarball, '--strict']],
    [
      'are-the-types-wrong',
      [join(ROOT, 'node_modules/@arethetypeswrong/cli/dist/index.js'), tarball, '--profile', 'esm-only', '--no-emoji', '--no-color'],
    ],
  ]
  const results = await Promise.all(tools.map(([, args]) => capture(process.execPath, args)))
  return results.flatMap(({ code, output }, index) => (code === 0 ? [] : [`${one.folder}, ${tools[index][0]}:\n${tail(output, 40)}`]))
}

/** What npm would get, as it would get it: built with types, packed, and looked at by publint and are-the-types-wrong. */
export async function publish() {
  await build({ types: true })
  rmSync(PACKED, { recursive: true, force: true })
  const problems = []
  for (const one of workspacePackages().filter(({ manifest }) => !manifest.private)) {
    if (!existsSync(join(one.dir, 'README.md'))) problems.push(`${one.folder} has no README.md, which its page in the registry shows`)
    problems.push(...(await inspect(one, await pack(one))))
  }
  return problems
}
