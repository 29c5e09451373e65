"""docker-compose.yml held to its schema, and to the code: no Docker is needed, and none was at hand."""

import re
import subprocess
import sys
from pathlib import Path
from shlex import split
from typing import Any
from urllib.parse import urlsplit

import pytest
from ruamel.yaml import YAML

from demo.processes import Programs, all_processes
from settings import PREFIX, Settings
from workers.role import role_of

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docker-compose.yml"
FOLDERS = Path("/srv/live/var")

WORKERS = {"prepare": "prepare", "dispatch": "dispatch", "render0": "render"}
PROGRAMS = Programs(Path("python"), Path("redis-server"), None)

Service = dict[str, Any]


@pytest.fixture(scope="module")
def services() -> dict[str, Service]:
    loaded: dict[str, Service] = YAML(typ="safe").load(FILE)["services"]
    return loaded


def _settings(service: Service) -> dict[str, str]:
    return {
        name.removeprefix(PREFIX).lower(): value
        for name, value in service.get("environment", {}).items()
        if name.startswith(PREFIX)
    }


def _shares(services: dict[str, Service], folder: str) -> set[str]:
    """Return the services that have `folder` of `var/` from the volume of its name."""
    start = f"{folder}:{FOLDERS / folder}"
    return {
        name
        for name, service in services.items()
        if any(v.startswith(start) for v in service.get("volumes", ()))
    }


def _option(command: str, name: str) -> str:
    words = split(command)
    return words[words.index(name) + 1]


def _bytes(size: str) -> int:
    return int(size.removesuffix("mb")) * 2**20


def test_file_fits_the_compose_specification() -> None:
    """The schema comes with `check-jsonschema`, which keeps it up to date with the specification."""
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    checked = subprocess.run(checker, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_process_of_the_demo_has_its_service(services: dict[str, Service]) -> None:
    names = {process.name for process in all_processes(Settings(), PROGRAMS, Path("/d"), "docker")}
    assert names | {"rtmp", "avatar"} == set(services)


@pytest.mark.parametrize("name", [*WORKERS, "streamer", "api"])
def test_command_is_the_one_that_the_demo_runs(services: dict[str, Service], name: str) -> None:
    [process] = [p for p in all_processes(Settings(), PROGRAMS, Path("/d"), "docker") if p.name == name]
    words = split(services[name]["command"])
    assert (words if words[0] == "python" else ["python", "-m", *words]) == list(process.command)


@pytest.mark.parametrize(("name", "role"), WORKERS.items())
def test_worker_serves_a_queue_that_the_code_knows(
    services: dict[str, Service], name: str, role: str
) -> None:
    assert role_of([_option(services[name]["command"], "-Q")], name).role == role


def test_settings_are_known_and_fit_their_bounds(services: dict[str, Service]) -> None:
    ours = {name: values for name, service in services.items() if (values := _settings(service))}
    assert set(ours) >= {*WORKERS, "streamer", "api", "flower"}
    for values in ours.values():
        assert values.keys() <= Settings.model_fields.keys()
        Settings.model_validate(values)


def test_addresses_name_services_of_the_file(services: dict[str, Service]) -> None:
    values = _settings(services["streamer"])
    hosts = {name: urlsplit(values[name]).hostname for name in ("broker_url", "frames_url", "rtmp_url")}
    assert hosts == {"broker_url": "broker", "frames_url": "frames", "rtmp_url": "rtmp"}


def test_redis_servers_are_bounded_and_drop_nothing(services: dict[str, Service]) -> None:
    broker, frames = services["broker"]["command"], services["frames"]["command"]
    for command in (broker, frames):
        assert _option(command, "--maxmemory-policy") == "noeviction"
    assert _option(broker, "--appendonly") == "yes"
    assert _option(frames, "--appendonly") == "no"
    assert _bytes(_option(frames, "--maxmemory")) * 4 >= Settings().window_bytes * 5


def test_folders_are_shared_by_those_who_use_them(services: dict[str, Service]) -> None:
    assert _shares(services, "uploads") == {"api", "prepare", "dispatch"}
    assert _shares(services, "hls") == {"api", "streamer"}
    assert _shares(services, "avatars") == {"avatar", "streamer", *WORKERS}
    folders = Settings()
    for folder in (folders.uploads_folder, folders.hls_folder, folders.avatars_folder):
        assert folder == Path("var", folder.name)


def test_clips_of_the_settings_are_prepared_and_all_services_know_of_the_same(
    services: dict[str, Service],
) -> None:
    assert services["avatar"]["command"] == "python -m avatars prepare", "which by default prepares all"
    told = [_settings(services[name]) for name in ("avatar", "streamer", "api", *WORKERS)]
    assert all(values == told[0] for values in told)


def test_flower_does_not_start_without_a_login(services: dict[str, Service]) -> None:
    assert services["flower"]["environment"]["FLOWER_BASIC_AUTH"].startswith("${FLOWER_LOGIN:?")


def test_render_worker_reserves_one_gpu(services: dict[str, Service]) -> None:
    [device] = services["render0"]["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "device_ids": ["0"], "capabilities": ["gpu"]}


def test_workers_hand_back_their_work_when_docker_stops_them(services: dict[str, Service]) -> None:
    for name in WORKERS:
        assert services[name]["environment"]["REMAP_SIGTERM"] == "SIGQUIT"
        assert services[name]["stop_grace_period"] == "15s"


def test_images_are_made_from_files_that_are_there(services: dict[str, Service]) -> None:
    text = (ROOT / "Dockerfile").read_text()
    copied = {name for line in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE) for name in line.split()}
    assert [name for name in copied if not (ROOT / name).exists()] == []
    targets = {service["build"]["target"] for service in services.values() if "build" in service}
    assert targets == set(re.findall(r"^FROM \S+ AS (\S+)$", text, re.MULTILINE))
