"""Every setting of every process: one record, read once at start from `LIVE_…` environment variables.

Each field's description names its unit and its reason; `docs/configuration.md` lists them all, held to
this file by a test. A value that cannot work ends the process with one sentence.
"""

import os
import re
import sys
from functools import lru_cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from imageio_ffmpeg import get_ffmpeg_exe
from pydantic import Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "LIVE_"
RTMP_ADDRESS = re.compile(r"(?!.*[\x00-\x1f\x7f])rtmps?://[^\s/:?#][^\s/?#]*/[^\s/]+/\S+")


class Settings(BaseSettings):
    """The settings' values and bounds. Lengths in seconds, sizes in bytes unless the name says otherwise."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    broker_url: str = Field(
        "redis://127.0.0.1:16379/0",
        pattern=r"^rediss?://",
        description="Redis for Celery, jobs and chunk state; small, append-only, never evicts.",
    )
    frames_url: str = Field(
        "redis://127.0.0.1:16380/0",
        pattern=r"^rediss?://",
        description="Redis for sound and frame batches; large, bounded, not persisted.",
    )
    redis_timeout_s: float = Field(
        2.0, ge=0.5, le=30, description="How long a Redis call may take before it counts as failed."
    )
    uploads_folder: Path = Field(
        Path("var/uploads"), description="Posted and decoded sounds; shared by app, prepare and dispatch."
    )
    avatars_folder: Path = Field(
        Path("var/avatars"), description="Prepared avatars; shared by all processes but the API."
    )
    hls_folder: Path = Field(Path("var/hls"), description="HLS segments; streamers write, app serves.")
    ffmpeg: str = Field(
        default_factory=get_ffmpeg_exe,
        description="The ffmpeg program; by default the environment's.",
    )

    api_port: int = Field(11001, ge=1, le=65535, description="TCP port of the HTTP API and page.")
    flower_port: int = Field(5555, ge=1, le=65535, description="TCP port of Flower.")
    upload_max_bytes: int = Field(
        100 * 2**20, ge=1, description="Largest upload; an hour of speech as MP3 takes about 60 MB."
    )
    upload_max_s: float = Field(
        3600.0, gt=0, description="Longest sound; decoded it takes 0.5 GB of disk an hour."
    )
    jobs_waiting_max: int = Field(
        64, ge=1, description="Jobs of a channel not yet done; one more is answered 429."
    )
    jobs_kept_s: float = Field(86400.0, ge=60, description="How long an ended job's record is kept.")

    engine: str = Field(
        "",
        description="A render worker's engine: `viseme`, `latentsync`, or `package.module:Class`; empty for "
        "`latentsync` where there are a GPU and its weights, else `viseme`.",
    )
    checkpoints_folder: Path = Field(
        Path("checkpoints"), description="The LatentSync 1.0 weights, as `make checkpoints` lays them."
    )
    window_s: float = Field(
        10.0,
        ge=2,
        le=120,
        description="How far ahead of the air chunks are rendered; bounds memory.",
    )
    window_bytes: int = Field(
        512 * 2**20,
        ge=2**20,
        description="Memory of the frames Redis above which dispatch waits.",
    )

    channel: str = Field("main", pattern=r"^[a-z0-9-]{1,32}$", description="The channel a streamer plays.")
    avatar: Path = Field(
        Path("assets/presenter.mp4"),
        description="The channel's clip, prepared by `python -m avatars prepare`.",
    )
    talk_avatar: Path | None = Field(
        None,
        description="The clip that speaks, where that is another than the one shown in idle; prepared too, "
        "its pictures of the same size.",
    )
    avatar_max_s: float = Field(
        60.0, gt=0, description="Longest clip; a minute of 1080p frames takes 4.7 GB of disk."
    )
    avatar_max_side_px: int = Field(
        1920, ge=64, le=3840, description="Longer side of the prepared frames; larger clips are scaled down."
    )
    rtmp_url: str = Field(
        "rtmp://127.0.0.1:1935/live/main",
        description="RTMP targets, `rtmp://host/app/key` or `rtmps://…`, with spaces between them; empty for "
        "none. More are added and removed by the API.",
    )
    record_folder: Path | None = Field(
        None, description="Where the stream is recorded, in a folder of the channel's name."
    )
    record_max_bytes: int = Field(
        10 * 2**30,
        ge=2**20,
        description="What a channel's recordings may take; the oldest files go. By default eight hours.",
    )
    video_kbps: int = Field(2500, ge=100, description="Constant bit rate of the picture, in kbit/s.")
    audio_kbps: int = Field(128, ge=32, le=512, description="Bit rate of the sound, in kbit/s.")
    fade_frames: int = Field(
        4, ge=1, le=25, description="Frames that the mouth takes to fade in or out; one is 40 ms."
    )
    fade_curve: Literal["linear", "smooth"] = Field(
        "linear",
        description="How fades go: in equal steps, or slowly at both ends and so faster between them.",
    )
    rest_after_s: float = Field(
        0.6,
        ge=0.3,
        le=60,
        description="A silence as long shows the clip's own mouth, if that is still: nothing is rendered.",
    )
    label_text: str = Field(
        "AI-generated", max_length=40, description="The label that viewers must see; empty (logged) for none."
    )
    label_corner: Literal["top-left", "top-right", "bottom-left", "bottom-right"] = Field(
        "top-left", description="Where the label stands."
    )
    label_size: float = Field(
        0.04,
        ge=0.02,
        le=0.2,
        description="Size of the label's font as a share of the picture's shorter side; 29 px at 720p.",
    )
    label_font: Path | None = Field(
        None, description="A TrueType file for the label; needed where the text is not Latin."
    )

    @property
    def clips(self) -> dict[str, Path]:
        """The channel's clips, one or two, by the settings that name them."""
        return {"LIVE_AVATAR": self.avatar} | (
            {"LIVE_TALK_AVATAR": self.talk_avatar} if self.talk_avatar else {}
        )

    @property
    def rtmp_urls(self) -> list[str]:
        """The RTMP targets' addresses."""
        return self.rtmp_url.split()

    @field_validator("talk_avatar", mode="before")
    @classmethod
    def _is_none_where_empty(cls, path: object) -> object:
        return path or None

    @field_validator("rtmp_url")
    @classmethod
    def _is_rtmp(cls, urls: str) -> str:
        for url in urls.split():
            if wrong := rtmp_wrong(url):
                raise PydanticCustomError("address", f"{wrong}, or empty")
        return urls

    @field_validator("broker_url", "frames_url")
    @classmethod
    def _has_no_wrong_port(cls, url: str) -> str:
        if not _has_right_port(url):
            raise PydanticCustomError("port", PORT_WRONG)
        return url


PORT_WRONG = "the port after its host should be a number from 1 to 65535"


def rtmp_wrong(url: str) -> str:
    """Return what is wrong with an RTMP address, without showing it; empty where nothing is."""
    if not RTMP_ADDRESS.fullmatch(url):
        return "it should be rtmp://host/app/key or rtmps://host/app/key"
    return "" if _has_right_port(url) else PORT_WRONG


def _has_right_port(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:  # no number, or too large
        return False


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return this process's settings; end the process with a sentence for each one that cannot work."""
    try:
        loaded = Settings()
    except ValidationError as error:
        sys.exit("\n".join(_sentence(str(e["loc"][0]), e["msg"], e["input"]) for e in error.errors()))
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name.removeprefix(PREFIX).lower() not in Settings.model_fields:
            sys.exit(f"{name} is not a setting: see docs/configuration.md for the names.")
    return loaded


def _sentence(field: str, message: str, value: object) -> str:
    shown = "…" if field.endswith("_url") else repr(value)  # addresses hold passwords and stream keys
    return f"{PREFIX}{field.upper()}={shown} cannot work: {message[0].lower()}{message[1:]}."
