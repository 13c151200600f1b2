"""Announces services over IPv4 at an address of this machine, or over IPv6 on an interface, as it is told to line by line: {"op": "put" or "remove", "type", "label", ...}."""
import asyncio
import json
import socket
import sys

from zeroconf import IPVersion, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

known = {}
# What is said is repeated twice in the background: nobody waits for that but who says the opposite.
repeating = {}


def info_of(said):
    return ServiceInfo(
        f'{said["type"]}.local.',
        f'{said["label"]}.{said["type"]}.local.',
        port=said['port'],
        properties=b''.join(bytes([len(text.encode())]) + text.encode() for text in said['txt']),
        server=f'{said["host"]}.local.',
        parsed_addresses=said['addresses'],
        host_ttl=said['ttl'],
        other_ttl=said['ttl'],
    )


async def run(network, said):
    key = (said['type'], said['label'])
    if key in repeating:
        await repeating.pop(key)
    if said['op'] == 'remove':
        repeating[key] = await network.async_unregister_service(known.pop(key))
        return
    info = info_of(said)
    is_new = key not in known
    known[key] = info
    if is_new:
        # Without asking first whether the name is free: names are made for one test each.
        repeating[key] = await network.async_register_service(info, cooperating_responders=True)
    else:
        repeating[key] = await network.async_update_service(info)


async def main():
    where = sys.argv[1]
    is_address = '.' in where
    interfaces = [where if is_address else socket.if_nametoindex(where)]
    network = AsyncZeroconf(interfaces=interfaces, ip_version=IPVersion.V4Only if is_address else IPVersion.V6Only)
    await network.zeroconf.async_wait_for_start()
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    print('{"ready": true}', flush=True)
    while line := await reader.readline():
        said = json.loads(line)
        reply = {'done': said['number']}
        try:
            await run(network, said)
        except Exception as error:
            reply['error'] = repr(error)
        print(json.dumps(reply), flush=True)
    await network.async_close()


asyncio.run(main())
