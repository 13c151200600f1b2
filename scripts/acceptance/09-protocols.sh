#!/usr/bin/env bash
# Promise: each protocol passes, with clients and servers that others wrote
. "$(dirname "$0")/lib/common.sh"
cd "$ROOT"
npm run --silent setup
node "$LIB/protocols.mjs"
