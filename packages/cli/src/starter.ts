/** What `octopus init` writes. It runs as it stands. */
export const STARTER = `# Octopus Gateway. Every key: docs/configuration.md, or "octopus schema" for your editor.
# \${NAME} and \${NAME:-default} are taken from the environment.

server:
  http_port: 8080        # traffic
  admin_port: 9090       # health, documentation, routes, metrics: http://127.0.0.1:9090/_/

# HTTPS beside it: HTTP/2 and HTTP/1.1 on server.https_port, 8443.
# tls:
#   cert: cert.pem
#   key: key.pem

# Services that publish FARP need no routes here: theirs appear by themselves.
discovery:
  backend: static
  static:
    services: []
    # services:
    #   - name: users
    #     address: 127.0.0.1
    #     port: 8081

farp:
  enabled: true
  watch_interval: 5s     # how often manifests are asked for changes

# Services that do not are routed by hand.
# upstreams:
#   - name: legacy
#     instances:
#       - address: 127.0.0.1
#         port: 8082
#
# routes:
#   - path: /legacy/*
#     upstream: legacy
#     strip_prefix: /legacy
#     auth:                # with auth below
#       roles: [staff]

# Policies for every route, in the order in which they run.
# middleware:
#   - request_id
#   - auth                 # asks the plugins below who a caller is
#   - name: rate_limit
#     rate: 100            # requests per second and client
#   - name: cors
#     allowed_origins: ["https://shop.example"]
#   - compression
#
# plugins:
#   - name: jwt-auth
#     config:
#       jwks_url: https://login.example.com/.well-known/jwks.json
#       issuer: https://login.example.com/
#       audience: shop

# Defaults for every route.
routing:
  timeout: 30s
  retries: 3             # idempotent requests only, each at another instance

# The admin listener stays on this machine unless it has a password.
# admin:
#   address: 0.0.0.0:9090
#   auth:
#     type: basic
#     username: admin
#     password_hash: "\${ADMIN_PASSWORD_HASH}"   # htpasswd -nBC 12 admin
#   tls:                 # HTTPS in the place of HTTP
#     cert: cert.pem
#     key: key.pem

observability:
  metrics:
    enabled: true
    path: /metrics
  logging:
    level: info
`
