export const scenario = {
  name: 'routing',
  title: 'Matching a route, and building the table',
  kind: 'routing',
  load: { counts: [10, 1_000, 10_000] },
  subjects: [],
}
