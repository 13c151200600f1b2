/** The client tells no types; these are those that its test uses. */
declare module 'eureka-js-client' {
  export class Eureka {
    constructor(config: object)
    start(done: (error?: Error) => void): void
    stop(done: (error?: Error) => void): void
    getInstancesByAppId(app: string): readonly { readonly port: { readonly $: number } }[]
  }
}
