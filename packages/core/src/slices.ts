/** How long work off the request path may hold the thread before waiting requests get their turn. */
const SLICE_MS = 5

/** For long loops: `await turn()` in each round lets others run whenever a slice is used up, and costs next to nothing otherwise. */
export function slices(): () => Promise<void> | undefined {
  let end = performance.now() + SLICE_MS
  return () => {
    if (performance.now() <= end) return undefined
    return new Promise((resolve) => {
      setTimeout(() => {
        end = performance.now() + SLICE_MS
        resolve()
      }, 0)
    })
  }
}
