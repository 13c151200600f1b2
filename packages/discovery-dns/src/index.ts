export const dnsDiscovery = null
