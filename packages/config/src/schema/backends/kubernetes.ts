import { notYet } from './not-yet.ts'

export const kubernetes = notYet('Services of a cluster.', {
  namespace: 'Namespaces to watch.',
  label_selector: 'Which services take part.',
  kubeconfig: 'File with the access to the cluster.',
  port_name: 'Which port of a service is used.',
  include_not_ready: 'Whether endpoints that are not ready take part.',
})
