"""The message of the test service by hand: a note is (text, count)."""
SERVICE = 'octopus.test.v1.Notes'
DETAILS = 'b\u00fccher 100 %'


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append((value & 0x7F) | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def encode(note):
    text, count = note
    data = text.encode()
    out = b''
    if data:
        out += b'\x0a' + varint(len(data)) + data
    if count:
        out += b'\x10' + varint(count)
    return out


def decode(data):
    text, count, at = '', 0, 0
    while at < len(data):
        tag = data[at]
        value, shift, at = 0, 0, at + 1
        while True:
            value |= (data[at] & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if data[at - 1] < 0x80:
                break
        if tag == 0x10:
            count = value
        else:
            text, at = data[at:at + value].decode(), at + value
    return (text, count)
