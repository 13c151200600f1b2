import { Names } from './names.ts'
import { table } from '../json.ts'

/** The components of the merged document: each name belongs to one service. */
export class Components {
  readonly names = new Names()
  readonly #owners = new Map<string, string>()
  readonly #sections: ReadonlyMap<string, Record<string, unknown>>

  constructor(sections: Iterable<string>) {
    this.#sections = new Map([...sections].map((section) => [section, table<unknown>()]))
  }

  get sections(): string[] {
    return [...this.#sections.keys()]
  }

  /** Whose component this is. */
  ownerOf(section: string, name: string): string | undefined {
    return this.#owners.get(`${section}\n${name}`)
  }

  /** `wanted`, or with a number behind it, as `owner`'s own. */
  claim(section: string, wanted: string, owner: string): string {
    const name = this.names.take(section, wanted)
    this.#owners.set(`${section}\n${name}`, owner)
    return name
  }

  set(section: string, name: string, value: unknown): void {
    this.#sections.get(section)![name] = value
  }

  section(name: string): Record<string, unknown> {
    return this.#sections.get(name)!
  }

  /** What is there, section by section, without empty ones. */
  written(): Record<string, Record<string, unknown>> {
    return table([...this.#sections].filter(([, section]) => Object.keys(section).length > 0))
  }
}
