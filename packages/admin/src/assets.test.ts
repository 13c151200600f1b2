import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript'
import { copyAssets } from '../scripts/copy-assets.mjs'

test('[R39] built and moved to another place, the package still finds its assets', async () => {
  await copyAssets()
  const place = await mkdtemp(join(tmpdir(), 'octopus-admin-'))
  try {
    const source = await readFile(new URL('./assets.ts', import.meta.url), 'utf8')
    const { outputText } = transpileModule(source, { compilerOptions: { module: ModuleKind.ESNext, target: ScriptTarget.ES2022 } })
    await mkdir(join(place, 'dist'))
    await writeFile(join(place, 'package.json'), '{ "type": "module" }')
    await writeFile(join(place, 'dist', 'chunk.js'), outputText)
    await cp(new URL('../assets/', import.meta.url), join(place, 'assets'), { recursive: true })
    const url = pathToFileURL(join(place, 'dist', 'chunk.js')).href
    const program = `const { ASSET_NAMES, readAsset } = await import(${JSON.stringify(url)})
      for (const name of ASSET_NAMES) process.stdout.write(name + ' ' + (await readAsset(name)).bytes.length + '\\n')`
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { cwd: tmpdir() })
    expect(stdout.trim().split('\n')).toEqual([
      expect.stringMatching(/^swagger-ui-bundle\.js \d{6,}$/),
      expect.stringMatching(/^swagger-ui\.css \d{5,}$/),
      expect.stringMatching(/^favicon-32x32\.png \d{3,}$/),
    ])
  } finally {
    await rm(place, { recursive: true })
  }
})
