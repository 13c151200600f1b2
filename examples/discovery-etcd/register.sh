#!/bin/sh
# register.sh <service> <id> <port>: registers an instance on this machine until it is stopped.
set -eu
lease=$(etcdctl lease grant 10 | cut -d ' ' -f 2)
value="{\"id\":\"$2\",\"name\":\"$1\",\"address\":\"127.0.0.1\",\"port\":$3,\"metadata\":{\"farp.enabled\":\"true\"}}"
etcdctl put --lease="$lease" "/services/$1/$2" "$value"
exec etcdctl lease keep-alive "$lease"
