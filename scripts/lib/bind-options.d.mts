/**
 * The beginning of a configuration of BIND that listens on one port of loopback, and writes and asks nothing by itself. With `querylog`, every question is
 * a line of its output.
 */
export function bindOptions(folder: string, port: number, options?: { readonly querylog?: boolean }): string
