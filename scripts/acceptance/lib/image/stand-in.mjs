import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Stop } from '../../../lib/say.mjs'
import { podman, PLACE } from './podman.mjs'

/** Parts of the C library that programs and native modules open, whether or not Node itself does. */
const LIBC = /^lib(?:c|m|rt|dl|util|pthread|resolv|nss_files|nss_dns|gcc_s|stdc\+\+)\.so\.\d+$/

/** The libraries of a program, as its loader finds them. */
function librariesOf(program) {
  const { status, stdout, stderr } = spawnSync('ldd', [program], { encoding: 'utf8' })
  if (status !== 0) throw new Stop(`ldd ${program}: ${stderr}`)
  return stdout.match(/\/[^ )\n]+/g) ?? []
}

function npmFolder() {
  const { stdout } = spawnSync('npm', ['root', '--global'], { encoding: 'utf8' })
  const folder = join(stdout.trim(), 'npm')
  if (!existsSync(folder)) throw new Stop(`npm is not in ${folder}`)
  return folder
}

/**
 * An image that stands for the official ones of Node, which only a registry has: the Node, npm, shell and C library of this machine, and nothing else.
 * Resolves with its name.
 */
export async function standIn() {
  const folder = join(PLACE, 'stand-in')
  const root = join(folder, 'rootfs')
  const put = (path, target = path) => {
    mkdirSync(dirname(join(root, target)), { recursive: true })
    copyFileSync(realpathSync(path), join(root, target))
  }
  put(process.execPath, '/usr/local/bin/node')
  put('/bin/sh')
  put('/usr/bin/env')
  const libraries = new Set([process.execPath, '/bin/sh', '/usr/bin/env'].flatMap(librariesOf))
  const folders = new Set([...libraries].map(dirname))
  for (const one of folders) for (const name of readdirSync(one)) if (LIBC.test(name)) libraries.add(join(one, name))
  for (const library of libraries) put(library)
  cpSync(npmFolder(), join(root, 'usr/local/lib/node_modules/npm'), { recursive: true, dereference: true })
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'))
  for (const name of ['tmp', 'etc', 'root']) mkdirSync(join(root, name), { recursive: true })
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n')
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\n')
  writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY rootfs /\nENV PATH=/usr/local/bin:/usr/bin:/bin\n')
  const name = 'localhost/node:stand-in'
  await podman('build', '--isolation', 'chroot', '--format', 'docker', '--tag', name, folder)
  return name
}
