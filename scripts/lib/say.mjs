const quiet = process.env.OCTOPUS_QUIET === '1'

/** One line per step, so that a wait always has a name. */
export function say(line) {
  if (!quiet) console.log(line)
}

/** A failure with its remedy: printed without a stack, because it is the user's machine that needs a change. */
export class Stop extends Error {}

/** Runs a script's main function; an expected failure ends with its message and exit code 1. */
export async function main(run) {
  try {
    await run()
  } catch (error) {
    console.error(error instanceof Stop ? error.message : error)
    process.exitCode = 1
  }
}

/** `840 ms`, `3.2 s`. */
export function since(start) {
  const ms = performance.now() - start
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}
