/** How long work off the request path may hold the thread before waiting requests get their turn. */
const SLICE_MS = 2

/** After what waits for the thread now. A timer would let at least a millisecond pass each time. */
const soon: (then: () => void) => void =
  (globalThis as { readonly setImmediate?: (then: () => void) => void }).setImmediate ?? ((then) => void setTimeout(then, 0))

/** For long loops: `await turn()` in each round lets others run whenever a slice is used up, and costs next to nothing otherwise. */
export function slices(): () => Promise<void> | undefined {
  // Others get their turn first: what came before may have used up a slice already.
  let end = 0
  return () => {
    if (performance.now() <= end) return undefined
    return new Promise((resolve) => {
      soon(() => {
        end = performance.now() + SLICE_MS
        resolve()
      })
    })
  }
}
