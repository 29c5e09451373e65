"""Which ports the demo needs, and what it says where one is taken."""

import socket

from demo import ports
from settings import Settings


def _all_free(_port: int) -> bool:
    return True


def test_every_server_on_this_host_needs_its_port() -> None:
    needed = {port.use: port.number for port in ports.needed(Settings())}
    assert needed == {
        "the HTTP API": 11001,
        "Flower": 5555,
        "the broker Redis": 16379,
        "the frames Redis": 16380,
        "the RTMP server": 1935,
    }


def test_servers_elsewhere_and_no_rtmp_need_none() -> None:
    away = Settings(broker_url="redis://queue.example:6379/0", rtmp_url="")
    uses = {port.use for port in ports.needed(away)}
    assert uses == {"the HTTP API", "Flower", "the frames Redis"}


def test_taken_port_is_named_with_the_setting_that_moves_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = int(other.getsockname()[1])
        needed = ports.needed(Settings(frames_url=f"redis://localhost:{taken}/3"))
        [sentence] = [text for text in ports.problems(needed, ports.is_free) if str(taken) in text]
    assert "the frames Redis" in sentence
    assert f"LIVE_FRAMES_URL=redis://localhost:{taken + 1}/3 make demo" in sentence
    assert ports.is_free(taken)


def test_port_without_number_in_its_address_is_the_usual_one() -> None:
    [port] = [p for p in ports.needed(Settings(rtmp_url="rtmp://localhost/live/main")) if "RTMP" in p.use]
    assert port.number == 1935
    assert port.move == "LIVE_RTMP_URL=rtmp://localhost:1936/live/main"


def test_rtmp_server_is_that_of_the_address_on_this_host_and_other_keys_stay_secret() -> None:
    urls = "rtmps://live.example/app/SECRET rtmp://localhost:1940/live/main"
    [port] = [p for p in ports.needed(Settings(rtmp_url=urls)) if "RTMP" in p.use]
    assert (port.number, port.move) == (1940, "LIVE_RTMP_URL=rtmp://localhost:1941/live/main")


def test_port_wanted_twice_is_a_sentence() -> None:
    needed = ports.needed(Settings(api_port=5555))
    [sentence] = ports.problems(needed, _all_free)
    assert "Port 5555 is wanted by the HTTP API and by Flower" in sentence


def test_free_ports_are_no_problem() -> None:
    assert ports.problems(ports.needed(Settings()), _all_free) == []
