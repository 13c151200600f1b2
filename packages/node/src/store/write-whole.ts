import { open, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'

/** Writes a file so that a reader, also one after a loss of power, finds the old text or the new one, whole. */
export async function writeWhole(folder: string, name: string, text: string): Promise<void> {
  const temporary = join(folder, `.${name}.${process.pid}.${crypto.randomUUID()}.tmp`)
  // `wx`: nobody has put a link there for us to write through.
  const file = await open(temporary, 'wx', 0o600)
  try {
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, join(folder, name))
  } catch (thrown) {
    await unlink(temporary).catch(() => {})
    throw thrown
  }
  await syncFolder(folder)
}

/** The rename is on the disk once its folder is. Windows opens no folders, and needs none of this. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
