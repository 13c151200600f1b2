"""Calls octopus.test.v1.Notes with grpcio (C core) as the lines on stdin say (JSON), one answer a line."""
import base64
import json
import sys
import time

import grpc

from notes import decode, encode, SERVICE

options = [('grpc.max_receive_message_length', -1), ('grpc.max_send_message_length', -1)]
if len(sys.argv) > 2:
    with open(sys.argv[2], 'rb') as ca:
        channel = grpc.secure_channel(sys.argv[1], grpc.ssl_channel_credentials(ca.read()), options)
else:
    channel = grpc.insecure_channel(sys.argv[1], options)


def listed(metadata):
    return [[name, base64.b64encode(value).decode() if isinstance(value, bytes) else value] for name, value in metadata or ()]


def run(asked):
    method = channel.stream_stream('/%s/%s' % (SERVICE, asked['kind']), encode, decode)
    fields = [(n, base64.b64decode(v) if n.endswith('-bin') else v) for n, v in asked['fields']]
    timeout = asked.get('deadlineMs')
    call = method(iter([(n['text'], n['count']) for n in asked['notes']]), timeout=None if timeout is None else timeout / 1000, metadata=fields)
    notes = []
    if asked.get('cancelAfterMs') is not None:
        time.sleep(asked['cancelAfterMs'] / 1000)
        call.cancel()
    try:
        for text, count in call:
            notes.append({'text': text, 'count': count})
    except grpc.RpcError:
        pass
    return {'code': call.code().value[0], 'details': call.details(), 'notes': notes, 'head': listed(call.initial_metadata()), 'trailers': listed(call.trailing_metadata())}


for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)
