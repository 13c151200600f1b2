/** The program that workers run. `src` and `dist` are equally deep, and only what is built can be run. */
export const WORKER_FILE = new URL('../dist/worker.js', import.meta.url)
