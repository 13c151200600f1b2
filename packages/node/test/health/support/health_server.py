"""grpc.health.v1 by grpcio's generic handlers: health_server.py '{"": 1}'. Prints its port, then that it is ready."""

import json
import sys
from concurrent import futures

import grpc

STATUSES = json.loads(sys.argv[1])


def service_of(request):
    if not request:
        return ''
    assert request[0] == 0x0A
    length, shift, at = 0, 0, 1
    while True:
        byte = request[at]
        length |= (byte & 0x7F) << shift
        shift += 7
        at += 1
        if byte < 0x80:
            break
    assert at + length == len(request)
    return request[at:].decode()


def check(request, context):
    status = STATUSES.get(service_of(request))
    if status is None:
        context.abort(grpc.StatusCode.NOT_FOUND, 'unknown service')
    return bytes([0x08, status]) if status else b''


server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
handler = grpc.unary_unary_rpc_method_handler(check)
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler('grpc.health.v1.Health', {'Check': handler}),))
port = server.add_insecure_port('127.0.0.1:0')
server.start()
print(f'port {port}\nready')
sys.stdin.read()
