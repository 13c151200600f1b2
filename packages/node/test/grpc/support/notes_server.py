"""octopus.test.v1.Notes with grpcio (C core). Prints its port; counts of calls that hung and were cancelled on demand (a line on stdin)."""
import sys
import threading
import time
from concurrent import futures

import grpc

from notes import decode, encode, DETAILS, SERVICE

hanging = 0
cancelled = 0
lock = threading.Lock()


def watch(context):
    def gone():
        global cancelled
        if context.cancelled_by_client:
            with lock:
                cancelled += 1
    context.cancelled_by_client = True
    context.add_callback(gone)


class Notes(grpc.GenericRpcHandler):
    def service(self, details):
        kind = details.method.rsplit('/', 1)[1]
        return grpc.stream_stream_rpc_method_handler(lambda notes, context: self.run(kind, notes, context), decode, encode)

    def run(self, kind, notes, context):
        global hanging
        watch(context)
        metadata = context.invocation_metadata()
        names = [name for name, _ in metadata]
        if 'x-hang' in names:
            with lock:
                hanging += 1
            while context.is_active():
                time.sleep(0.01)
            return
        echoed = tuple((name, value) for name, value in metadata if name in ('x-echo', 'x-echo-bin'))
        remaining = context.time_remaining()
        head = echoed if remaining is None or remaining > 1e6 else echoed + (('x-timeout', '%dm' % int(remaining * 1000)),)
        fail = next((value for name, value in metadata if name == 'x-fail'), None)
        received = []
        if kind == 'Bidi':
            context.send_initial_metadata(head)
        for note in notes:
            received.append(note)
            if kind == 'Bidi':
                yield ('hello ' + note[0], note[1] + 1)
        first = received[0] if received else ('', 0)
        if kind != 'Bidi' and (fail is None or kind == 'ServerStream'):
            context.send_initial_metadata(head)
        if kind == 'ServerStream':
            for i in range(first[1]):
                yield ('hello ' + first[0], i + 1)
        if fail is None and kind == 'Unary':
            yield ('hello ' + first[0], first[1] + 1)
        if fail is None and kind == 'ClientStream':
            yield (','.join(note[0] for note in received), len(received))
        context.cancelled_by_client = False
        if fail is not None:
            context.set_trailing_metadata(echoed + (('x-why', 'because'),))
            code = next(code for code in grpc.StatusCode if code.value[0] == int(fail))
            context.abort(code, DETAILS)
        context.set_trailing_metadata(echoed)


options = [('grpc.max_receive_message_length', -1), ('grpc.max_send_message_length', -1)]
server = grpc.server(futures.ThreadPoolExecutor(max_workers=64), handlers=(Notes(),), options=options)
if len(sys.argv) > 1:
    with open(sys.argv[1], 'rb') as key, open(sys.argv[2], 'rb') as cert:
        port = server.add_secure_port('127.0.0.1:0', grpc.ssl_server_credentials([(key.read(), cert.read())]))
else:
    port = server.add_insecure_port('127.0.0.1:0')
server.start()
print('port %d' % port, flush=True)
for _ in sys.stdin:
    print('hanging %d cancelled %d' % (hanging, cancelled), flush=True)
server.stop(0)
