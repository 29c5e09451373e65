"""`python -m streamer.pusher`: sends one target what comes on its input, as it is.

The first line of the input is the order (`streamer.outputs.Target`), what follows is FLV. The address comes
this way, for everybody can read a process's arguments.
"""

import ctypes
import os
import signal
import sys

import av
from av.container import InputContainer

from streamer.outputs import OPEN, Kind, Target
from streamer.sinks import opened

AT_ONCE = {"probesize": "32", "analyzeduration": "0"}
"""The headers say all that must be known."""
PR_SET_PDEATHSIG = 1
"""Of `prctl(2)`."""


def main() -> None:
    """Push until the input ends; end with its reason on stderr where the target fails."""
    parent = os.getppid()
    with open(0, "rb", buffering=0) as source:  # unbuffered: what came is to be had at once
        target = Target.of(source.readline())
        if target.kind is Kind.HLS:
            die_with(parent)
        av.logging.restore_default_callback()
        av.logging.set_level(av.logging.ERROR)  # it warns that so little is read ahead
        try:
            with av.open(source, "r", format="flv", options=AT_ONCE) as stream:
                av.logging.set_level(av.logging.WARNING)
                push(stream, target)
        except (OSError, av.error.FFmpegError) as error:
            sys.exit(error.strerror or str(error))  # the rest of the text is its address


def die_with(parent: int) -> None:
    """End at once with the streamer: to close the list in order would write it over its successor's."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it has ended already
        sys.exit("the streamer has ended")


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
