export type { Gateway } from './gateway-types.ts'
export type { GatewayOptions, RequestLimits, RoutingOptions } from './options.ts'
export { createGateway } from './gateway.ts'
export { ConfigError, ERRORS, GatewayError, formatIssue, toGatewayError } from './errors.ts'
export type { ConfigIssue, ErrorCode, ErrorSource, ErrorSpec, RetryClass } from './errors.ts'
export { HeaderList } from './headers.ts'
export { parseDuration, sleep, toMilliseconds } from './time.ts'
export type { Duration } from './time.ts'
export type { Coding, ContentCoding, Protocol, Reply, RequestHead, ResponseHead } from './exchange/head.ts'
export type { Attempt, Outcome, RequestContext } from './exchange/context.ts'
export type { Client, ClientCertificate } from './exchange/client.ts'
export { certificateName } from './exchange/certificate-name.ts'
export { defineSlot } from './exchange/slots.ts'
export type { Slot } from './exchange/slots.ts'
export type { Lane, Mirror, PathRule, Rights, Route, RouteAuth } from './routing/route.ts'
export type { CompiledRoute, Match } from './routing/compiled-route.ts'
export type { MirrorDefinition, Rewrite, RouteDefinition, Target } from './routing/definition.ts'
export { parsePattern } from './routing/pattern.ts'
export type { Pattern, Segment } from './routing/pattern.ts'
export { ruleProblem } from './routing/path-rules.ts'
export type { MountRewrite } from './routing/mount-rewrites.ts'
export { parseHost } from './routing/hosts.ts'
export type { HostPattern } from './routing/hosts.ts'
export { placeOf } from './snapshot/entries.ts'
export { isPathPrefix } from './snapshot/validate.ts'
export { closest } from './suggest.ts'
export type { Endpoint } from './upstream/endpoint.ts'
export type { EndpointStatus, OutReason } from './upstream/endpoint-state.ts'
export type { MaybePromise, RoutingSettings, UpstreamDefinition, UpstreamHandler, UpstreamOptions } from './upstream/definition.ts'
export type { Transport, UpstreamProtocol, UpstreamTls } from './upstream/transport.ts'
export type { ConcurrencyStatus, Upstream } from './upstream/upstream.ts'
export type { CompiledPhases, Phases } from './plugin/phases.ts'
export { definePlugin } from './plugin/define.ts'
export type { Hooks, Plugin, PluginFactory, PluginHost } from './plugin/plugin.ts'
export type { StandardSchemaV1 } from './plugin/standard-schema.ts'
export { checkEntry, sameEntries } from './store/store.ts'
export { memoryStore } from './store/memory.ts'
export type { KeyValueStore, StoreEntry } from './store/store.ts'
export type {
  DiscoveryHost,
  DiscoveryProvider,
  KeyValue,
  KeyValues,
  ProviderStatus,
  ServiceInstance,
  ServiceSet,
} from './discovery/provider.ts'
export { defineDiscovery } from './discovery/define.ts'
export { poll } from './discovery/poll.ts'
export { staticDiscovery } from './discovery/static.ts'
export type { StaticService } from './discovery/static.ts'
export type {
  ContractVerdict,
  Caller,
  FetchStatus,
  ProvidedEndpoint,
  RouteAction,
  RouteSource,
  SourceHost,
  SourceMeter,
} from './snapshot/source.ts'
export type { DocumentKind, Finding, InstanceReport, RouteSet } from './snapshot/route-set.ts'
export type { GatewayEvent, GatewayListener } from './snapshot/events.ts'
export { conflictFindings } from './snapshot/conflicts.ts'
export type { Snapshot, SnapshotDiff } from './snapshot/snapshot.ts'
export type { Logger, LogLevel } from './log/logger.ts'
export { silentLogger } from './log/logger.ts'
export type { AccessEntry, AccessLog } from './log/access.ts'
export { accessLine, createLogger } from './log/line.ts'
export { sumOfGone } from './metrics/gateway-metrics.ts'
export type { GatewayMetrics } from './metrics/gateway-metrics.ts'
export type { MetricsData, RejectReason } from './metrics/data.ts'
export type { HealthData } from './metrics/health-data.ts'
export { BALANCER_NAMES, isCookieName, isCookiePath, isHashBalancer, isHashKey } from './upstream/balancing.ts'
export type {
  BalancerName,
  BalancingPolicy,
  BalancingSettings,
  GatewayBalancingSettings,
  HashKey,
  OwnBalancingSettings,
  SlowStart,
  Sticky,
} from './upstream/balancing.ts'
export type { HealthSettings, OwnHealthSettings } from './upstream/health.ts'
export { statusRanges } from './upstream/health/check-settings.ts'
export type { CheckType, HealthCheckSettings, Statuses } from './upstream/health/check-settings.ts'
export type { CircuitBreakerSettings } from './upstream/health/breaker-settings.ts'
export type { CircuitState } from './upstream/health/circuit.ts'
export type { ConcurrencySettings } from './upstream/health/concurrency-settings.ts'
export type { FailureRate, OutlierSettings } from './upstream/health/outlier-settings.ts'
export type { HedgeOptions, RetryOptions, RetrySettings } from './exchange/retry-settings.ts'
export { isSplitKey } from './routing/split.ts'
export type { SplitKey, TargetMatch } from './routing/split.ts'
