export const scenario = {
  name: 'farp-scale',
  title: '500 FARP services of 40 operations and 3 instances',
  kind: 'farp-scale',
  load: { services: 500, operations: 40, instances: 3 },
  subjects: [],
}
