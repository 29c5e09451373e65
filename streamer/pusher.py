"""`python -m streamer.pusher`: sends one target what comes on its input, as it is.

The first line of the input is the order (`streamer.outputs.Target`), what follows is FLV. The address comes
this way, for everybody can read a process's arguments.
"""

import sys

import av
from av.container import InputContainer

from streamer.outputs import OPEN, Target
from streamer.sinks import opened

AT_ONCE = {"probesize": "32", "analyzeduration": "0"}
"""The headers say all that must be known."""


def main() -> None:
    """Push until the input ends; end with its reason on stderr where the target fails."""
    with open(0, "rb", buffering=0) as source:  # unbuffered: what came is to be had at once
        target = Target.of(source.readline())
        av.logging.restore_default_callback()
        av.logging.set_level(av.logging.ERROR)  # it warns that so little is read ahead
        try:
            with av.open(source, "r", format="flv", options=AT_ONCE) as stream:
                av.logging.set_level(av.logging.WARNING)
                push(stream, target)
        except (OSError, av.error.FFmpegError) as error:
            sys.exit(error.strerror or str(error))  # the rest of the text is its address


def push(stream: InputContainer, target: Target) -> None:
    """Hand all packets of `stream` to the target.

    Raises:
        OSError: the target cannot be opened, or fails.
    """
    with opened(target, list(stream.streams)) as sink:
        sys.stdout.buffer.write(OPEN)
        sys.stdout.flush()
        for packet in stream.demux():
            if packet.dts is not None:  # the last is empty
                sink.put(packet)


if __name__ == "__main__":
    main()
