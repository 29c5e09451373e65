"""The stream for browsers: playlists and segments, as the streamer writes them."""

import re

from flask import Blueprint, Response, send_from_directory

from app.errors import NotFoundError
from app.fields import CHANNEL
from app.parts import parts

routes = Blueprint("hls", __name__)

TYPES = {
    "m3u8": "application/vnd.apple.mpegurl",
    "ts": "video/mp2t",
    "m4s": "video/iso.segment",
    "mp4": "video/mp4",
}

FILE = re.compile(r"[A-Za-z0-9_-]{1,64}\.(m3u8|ts|m4s|mp4)")


@routes.get("/hls/<channel>/<name>")
def serve(channel: str, name: str) -> Response:
    """Return a playlist or segment of the channel.

    A playlist is never kept by caches. A segment may be, but is asked for again before it is used: a
    streamer that starts anew may use a name again.
    """
    file = FILE.fullmatch(name)
    if not CHANNEL.fullmatch(channel) or not file:
        raise NotFoundError("The stream has no such file.")
    folder = parts().settings.hls_folder.absolute() / channel
    response = send_from_directory(folder, name, mimetype=TYPES[file[1]])
    response.headers["Cache-Control"] = "no-store" if file[1] == "m3u8" else "no-cache"
    return response
