import type { DeclaredWebhook } from '../manifest/webhook.ts'

/** How messages between services and this gateway work. */
export interface WebhookSettings {
  readonly receive: boolean
  readonly send: boolean
  readonly poll: boolean
  /** The operator's secret of a service, by its name in the registry. */
  readonly secrets: ReadonlyMap<string, string>
  /** Whether a secret in a manifest counts where the operator gave none. */
  readonly manifestSecrets: boolean
  /** The token that the gateway and a service show each other, by the service's name in the registry. */
  readonly tokens: ReadonlyMap<string, string>
}

/** The secrets that count for an instance. The operator's alone, where there is one: the manifest's can be read by everyone who can read the manifest. */
export function secretsOf(
  settings: WebhookSettings,
  { service, webhook }: { readonly service: string; readonly webhook: Pick<DeclaredWebhook, 'secret'> },
): readonly string[] {
  const given = settings.secrets.get(service)
  if (given !== undefined) return [given]
  return settings.manifestSecrets && webhook.secret !== '' ? [webhook.secret] : []
}
