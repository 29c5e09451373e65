"""FLV as an encoder would write it, for tests that need no encoder."""

from streamer.flv import Kind, Tag

GROUP_MS = 2000
FRAME_MS = 40

BODIES = {
    Kind.METADATA: (18, b"\x02\x00\x0aonMetaData"),
    Kind.VIDEO_HEADER: (9, b"\x17\x00\x00\x00\x00"),
    Kind.AUDIO_HEADER: (8, b"\xaf\x00\x11\x90"),
    Kind.KEYFRAME: (9, b"\x17\x01\x00\x00\x00picture"),
    Kind.PICTURE: (9, b"\x27\x01\x00\x00\x00change"),
    Kind.SOUND: (8, b"\xaf\x01sound"),
}


def tag(kind: Kind, time_ms: int, more: bytes = b"") -> Tag:
    """Return a tag of that kind; `more` makes it another than its like."""
    type, body = BODIES[kind]
    body += more
    size, low, high = len(body).to_bytes(3, "big"), time_ms & 0xFFFFFF, time_ms >> 24
    head = bytes([type]) + size + low.to_bytes(3, "big") + bytes([high]) + bytes(3)
    return Tag(kind, time_ms, head + body + (len(head) + len(body)).to_bytes(4, "big"))


def group(number: int) -> list[Tag]:
    """Return the pictures and sounds of group `number`: two seconds that begin with a keyframe."""
    start = number * GROUP_MS
    tags = []
    for time_ms in range(start, start + GROUP_MS, FRAME_MS):
        tags.append(tag(Kind.KEYFRAME if time_ms == start else Kind.PICTURE, time_ms))
        tags.append(tag(Kind.SOUND, time_ms))
    return tags
