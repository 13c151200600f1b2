#!/usr/bin/env bash
# Promise: changing a service's OpenAPI under load changes its routes and fails no other request
. "$(dirname "$0")/lib/common.sh"
cd "$ROOT"
npm run --silent setup
node "$LIB/change-openapi.mjs"
