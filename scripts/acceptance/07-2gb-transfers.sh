#!/usr/bin/env bash
# Promise: a 2 GB upload and a 2 GB download pass with memory growing by less than 50 MB
. "$(dirname "$0")/lib/common.sh"
cd "$ROOT"
npm run --silent setup
node bench/transfer.mjs
