export function tagsOfTitle(title: string): string[]
