export interface WorkspacePackage {
  folder: string
  dir: string
  manifest: { name: string; dependencies?: Record<string, string> }
}
export function topological<P extends WorkspacePackage>(packages: P[]): P[]
