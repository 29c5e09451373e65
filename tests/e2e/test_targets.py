"""Targets that are added, fail and are removed while a job is on air: nobody else's viewers see any of it."""

from pathlib import Path

from tests.e2e.places import another_server, await_state
from tests.e2e.show import assert_spoken, show
from tests.meter import Reader
from tests.metering.chirps import speech
from tests.system import System, free_ports
from wire.media import FPS

KEY = "s3cret-k3y"
SECONDS = 8


def reconnects(system: System) -> dict[str, int]:
    """Return how often each target was connected again."""
    return {name: target["reconnects"] for name, target in system.client.targets().items()}


def command_lines() -> str:
    """Return the arguments of every process on this machine, as `ps` shows them to anybody."""
    texts = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            texts.append(file.read_text(errors="replace"))
        except OSError:  # it has ended
            continue
    return "\n".join(texts)


def test_targets_come_fail_and_go_and_the_stream_elsewhere_is_untouched(
    system: System, tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    url = f"rtmp://127.0.0.1:{port}/live/{KEY}"
    shown, before = [], reconnects(system)

    def come_and_go() -> None:
        with another_server(port, tmp_path):
            target = system.client.add_target(url)
            await_state(system, target, "connected")
            with Reader(url) as reader:
                reader.wait_for(pictures=FPS)
            shown.append(command_lines())
        await_state(system, target, "connecting")
        with another_server(port, tmp_path):
            await_state(system, target, "connected")
            shown.append(str(system.client.targets()[target]))
            system.client.remove_target(target)
        assert target not in system.client.targets()

    seen = show(system, [speech(seed=21, seconds=SECONDS)], meanwhile=come_and_go)
    assert_spoken(seen, SECONDS * FPS)
    assert "'reconnects': 1" in shown[1]
    assert reconnects(system) == before
    logs = "".join(system.log(name).read_text() for name in ("streamer", "api"))
    assert f"rtmp://127.0.0.1:{port}/live/…" in logs
    assert KEY not in "".join([*shown, logs])
