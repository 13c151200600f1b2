#!/usr/bin/env bash
# Promise: hostile bytes of HTTP/1.1 and HTTP/2 are refused, and nothing smuggles
. "$(dirname "$0")/lib/common.sh"
cd "$ROOT"
npm run --silent setup
node "$LIB/hostile-bytes.mjs"
