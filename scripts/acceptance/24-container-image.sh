#!/usr/bin/env bash
# Promise: the image builds from its Dockerfile, holds nothing but what runs, and serves read-only as nobody until SIGTERM ends it in order
. "$(dirname "$0")/lib/common.sh"
cd "$ROOT"
bash scripts/test-components.sh podman:podman runc:runc unshare:util-linux ip:iproute2
npm run --silent test:image
