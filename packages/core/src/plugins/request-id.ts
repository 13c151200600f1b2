import { definePlugin } from '../plugin/define.ts'
import { deleteField } from '../exchange/own-fields.ts'
import { accepting, fieldName } from './schema.ts'
import { isRequestId, randomId } from '../exchange/ids.ts'
import * as v from 'valibot'
import type { PluginFactory } from '../plugin/plugin.ts'
import type { RequestContext } from '../exchange/context.ts'
import type { StandardSchemaV1 } from '../plugin/standard-schema.ts'

/** Options of `requestId`. */
export interface RequestIdOptions {
  /** The field that carries the id, both ways. Default `x-request-id`. */
  readonly header?: string | undefined
  /** Whether the id of a request is believed: from everybody, or from nobody. Default: from trusted proxies only. */
  readonly trustInbound?: boolean | undefined
}

interface Settings {
  readonly header: string
  readonly trustInbound?: boolean | undefined
}

/** The field that the gateway itself sends upstream. */
const OWN = 'x-request-id'

/**
 * Sends the id of a request to the upstream and back to the client, on every answer. An id that is believed becomes `ctx.id`, and with it
 * the id of logs and problem documents; what does not look like an id (128 characters of `A-Z a-z 0-9 _ . : / + = -`) is replaced.
 */
export const requestId: PluginFactory<StandardSchemaV1<RequestIdOptions | undefined, Settings>> = definePlugin({
  name: 'request-id',
  version: '1.0.0',
  config: accepting<RequestIdOptions, Settings>(
    v.optional(v.strictObject({ header: v.optional(fieldName, OWN), trustInbound: v.optional(v.boolean()) }), {}),
  ),
  setup: ({ header, trustInbound }: Settings) => {
    const isDefault = header === OWN
    const believed = (ctx: RequestContext): string | undefined => {
      const inbound = (trustInbound ?? ctx.fromTrustedProxy) ? ctx.request.headers.get(header) : undefined
      return inbound !== undefined && isRequestId(inbound) ? inbound : undefined
    }
    return {
      onRequest(ctx) {
        // What the context does by itself.
        if (isDefault && trustInbound === undefined) return
        ctx.id = believed(ctx) ?? randomId()
      },
      onUpstreamRequest(ctx, head) {
        if (isDefault) return
        deleteField(head.headers, header)
        head.headers.append(header, ctx.id)
      },
      onResponse: (ctx, head) => head.headers.set(header, ctx.id),
    }
  },
})
