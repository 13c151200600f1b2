import { Refused } from './consul-agent.ts'
import type { ConsulService } from './consul-catalog.ts'

/**
 * A part of Consul's filter language: `Service.Meta.team == "core"`, `!=`, `"blue" in Service.Tags`, `not in`, joined by `and`. What is beyond that is
 * refused with the words that Consul has for what it does not understand.
 */
export function consulFilter(expression: string): (service: ConsulService) => boolean {
  const terms = expression.split(/\s+and\s+/).map((text) => termOf(text.trim()))
  return (service) => terms.every((term) => term(service))
}

function termOf(text: string): (service: ConsulService) => boolean {
  const equal = /^Service\.(?:Meta\.([\w-]+)|(ID|Service|Address))\s*(==|!=)\s*"?([^"]*)"?$/.exec(text)
  if (equal !== null) {
    const [, meta, field, operator, value] = equal
    return (service) => {
      const found = meta === undefined ? service[field as 'ID' | 'Service' | 'Address'] : service.Meta[meta]
      return (found === value) === (operator === '==')
    }
  }
  const within = /^"?([^"\s]+)"?\s+(not\s+)?in\s+Service\.Tags$/.exec(text)
  if (within === null) throw new Refused(500, 'Failed to create boolean expression evaluator: 1:1 (0): no match found')
  return ({ Tags }) => Tags.includes(within[1]!) === (within[2] === undefined)
}
