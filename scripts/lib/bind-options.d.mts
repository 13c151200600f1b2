/** The beginning of a configuration of BIND that listens on one port of loopback, and writes and asks nothing by itself. */
export function bindOptions(folder: string, port: number): string
