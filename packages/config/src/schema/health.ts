import { later, optional, section } from './keys.ts'

/** How it is learnt which instances work, for `routing` and for each upstream. */
export const health = {
  circuit_breaker: optional(
    section({
      failure_threshold: later('Consecutive failures that open the circuit.'),
      timeout: later('How long the circuit is open before a trial request.'),
      half_open_requests: later('Trial requests at a time.'),
    }),
    { description: 'Leaving alone what keeps failing.' },
  ),
  outlier_detection: later('Taking out instances that are worse than the others.'),
  concurrency: later('Requests at a time, and a queue for more.'),
}

/** The same for one upstream, and what only an upstream has. */
export const ownHealth = {
  ...health,
  health_check: optional(
    section({
      type: later('Kind of check.'),
      path: later('Path to ask.'),
      interval: later('How often.'),
      timeout: later('How long one check may take.'),
      healthy_threshold: later('Good answers that bring an instance back.'),
      unhealthy_threshold: later('Bad answers that take it out.'),
      statuses: later('Statuses that are good.'),
      body: later('Text that a good answer holds.'),
    }),
    { description: 'Asking instances how they are.' },
  ),
}
