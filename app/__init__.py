"""HTTP in: checks, admits and enqueues what is posted; serves the page, the stream and the state of jobs."""

import atexit

from flask import Flask

from app import cancel, errors, headers, health, hls, jobs, page, parts, scrape, targets, uploads
from settings import Settings, settings


def create_app(config: Settings | None = None) -> Flask:
    """Return the WSGI app, with `config` or this process's settings."""
    app = Flask(__name__)
    built = parts.build(config or settings())
    atexit.register(built.prober.close)
    app.extensions[parts.KEY] = built
    errors.register(app)
    app.after_request(headers.add)
    for module in (uploads, jobs, cancel, targets, health, scrape, hls, page):
        app.register_blueprint(module.routes)
    return app
