import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT } from '../../../lib/workspace.mjs'
import { PLACE, podman } from './podman.mjs'
import { filesOf } from './files.mjs'

/** Stands in files that lie about in checkouts. */
export const SECRET = 'hunter2-6f1e0c9ab4'

/** What must stay out, wherever it came from. */
const STRAY = [
  '.env',
  '.git/config',
  '.cache/log',
  '.bootstrap/store/file',
  'config.yaml',
  'server-key.pem',
  'node_modules/stray/index.js',
  'deploy/stray.yaml',
  'packages/cli/node_modules/stray/index.js',
  'packages/cli/dist/stray.js',
  'packages/cli/.env',
  'packages/cli/src/server-key.pem',
  'packages/cli/test/stray.ts',
  'scripts/lib/.npmrc',
]

/** A checkout as people have it: the files as they are now, and what should not be there. */
export function checkout() {
  const { stdout } = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  const target = join(PLACE, 'checkout')
  const deleted = spawnSync('git', ['ls-files', '-z', '--deleted'], { cwd: ROOT, encoding: 'utf8' }).stdout.split('\0')
  const gone = new Set(deleted)
  for (const path of stdout.split('\0')) if (path !== '' && !gone.has(path)) cpSync(join(ROOT, path), join(target, path))
  for (const path of STRAY) {
    mkdirSync(dirname(join(target, path)), { recursive: true })
    writeFileSync(join(target, path), `${SECRET}\n`)
  }
  return target
}

/** The files that a builder gets to see. */
export async function seenOf(folder) {
  const dockerfile = join(PLACE, 'Dockerfile.context')
  writeFileSync(dockerfile, 'FROM scratch\nCOPY . /\n')
  await podman('build', '--isolation', 'chroot', '--file', dockerfile, '--tag', 'localhost/context', folder)
  const mounted = await podman('image', 'mount', 'localhost/context')
  const files = filesOf(mounted)
  return { files, stray: STRAY.filter((path) => files.includes(path)) }
}
