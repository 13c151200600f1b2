/** Copies what is missing or different. Several processes may do so at once: each file is put in place whole. */
export function copyAssets(): Promise<void>
