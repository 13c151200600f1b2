export function arrows(checkout?: string): string[]
