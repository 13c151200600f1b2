/** Why a registry tells nothing: one sentence, without credentials. */
export class Outage extends Error {
  override readonly name: string = 'Outage'
}

/** An outage that every server of a registry would answer with alike. */
export class Refusal extends Outage {
  override readonly name: string = 'Refusal'
}

/** No answer has come, or it has broken off: nothing is said against what the next one says. */
export class Unreachable extends Outage {}

/** Larger than an answer may be. */
export class TooLarge extends Refusal {
  override readonly name = 'TooLarge'
}

/** What a stranger wrote, fit for a line of a log. */
export function clean(text: string): string {
  return text
    .slice(0, 300)
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .trim()
}
