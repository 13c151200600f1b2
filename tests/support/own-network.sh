# Two links that lead nowhere, with addresses that are there at once; then the program. For a namespace of its own: `unshare -n sh own-network.sh …`.
set -e
ip link set lo up
for link in one two; do
  ip link add $link type bridge
  ip link set $link addrgenmode none
  ip link set $link up
done
ip addr add 10.7.1.1/24 dev one
ip addr add fd07:1::1/64 dev one nodad
ip addr add fe80::1/64 dev one nodad
ip addr add fd07:2::1/64 dev two nodad
ip addr add fe80::2/64 dev two nodad
exec "$@"
