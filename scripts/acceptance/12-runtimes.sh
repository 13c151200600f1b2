#!/usr/bin/env bash
# Promise: the core serves the same routes under Bun, Deno and other versions of Node
. "$(dirname "$0")/lib/common.sh"
cd "$ROOT"
npm run --silent setup
npm run --silent test:runtimes
CI=true npm test -- --project runtimes
