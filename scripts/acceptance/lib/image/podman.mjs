import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { capture, tail } from '../../../lib/run.mjs'
import { Stop } from '../../../lib/say.mjs'
import { CACHE } from '../../../lib/workspace.mjs'

/** Where everything of this test is: images and containers of the machine are neither used nor touched. */
export const PLACE = join(CACHE, 'image')

const NEEDED = ['podman', 'runc', 'unshare', 'ip']
const COMPONENTS = 'podman:podman runc:runc unshare:util-linux ip:iproute2'
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']

/** Nothing is skipped where something is missing: there would be nothing left. */
export function assertTools() {
  const missing = NEEDED.filter((program) => !FOLDERS.some((folder) => existsSync(join(folder, program))))
  if (missing.length > 0) throw new Stop(`${missing.join(', ')}: not here. Run "bash scripts/test-components.sh ${COMPONENTS}".`)
  if (process.getuid?.() !== 0) throw new Stop('Containers are built and run as root here. Run this as root.')
}

/** Storage without overlays, cgroups without systemd: what there is also within containers and small virtual machines. */
const SETTINGS = [
  ['--root', join(PLACE, 'storage')],
  ['--runroot', join(PLACE, 'run')],
  ['--tmpdir', join(PLACE, 'libpod')],
  ['--storage-driver', 'vfs'],
  ['--cgroup-manager', 'cgroupfs'],
  ['--events-backend', 'none'],
  ['--runtime', 'runc'],
].flat()

function environment() {
  const tmp = join(PLACE, 'tmp')
  mkdirSync(tmp, { recursive: true })
  return { ...process.env, PATH: FOLDERS.join(delimiter), TMPDIR: tmp }
}

/** Runs podman to its end: `{ code, output }`. */
export const podmanCode = (...args) => capture('podman', [...SETTINGS, ...args], { env: environment() })

/** The same, for what has to succeed: what it printed. */
export async function podman(...args) {
  const { code, output } = await podmanCode(...args)
  if (code !== 0) throw new Stop(`"podman ${args.join(' ')}" ended with ${code}:\n${tail(output)}`)
  return output.trim()
}

export const inspect = async (kind, name) => JSON.parse(await podman(kind, 'inspect', name))[0]

/** What an earlier run has left. */
export async function clear() {
  if (existsSync(join(PLACE, 'storage'))) {
    await podman('rm', '--all', '--force', '--time', '0')
    await podman('rmi', '--all', '--force')
  }
  rmSync(PLACE, { recursive: true, force: true })
}
