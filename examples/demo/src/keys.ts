import { emitKeypressEvents } from 'node:readline'

/** Calls back for every key pressed in the terminal; `ctrl-c` for that one. Does nothing without a terminal. */
export function onKey(listener: (key: string) => void): void {
  if (!process.stdin.isTTY) return
  emitKeypressEvents(process.stdin)
  process.stdin.setRawMode(true)
  process.stdin.on('keypress', (_text, key: { name?: string; ctrl: boolean }) => listener(key.ctrl ? `ctrl-${key.name}` : (key.name ?? '')))
}

/** Gives the terminal back as it was. */
export function releaseKeys(): void {
  if (!process.stdin.isTTY) return
  process.stdin.setRawMode(false)
  process.stdin.pause()
}
