export function build(options?: { types?: boolean }): Promise<number>
export function staleFolders(folder?: string): string[]
export function assertBuilt(folder?: string): void
