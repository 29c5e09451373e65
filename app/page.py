"""The page: plays the stream, takes a sound, lists jobs."""

from flask import Blueprint, render_template

from app.fields import EXPIRES_S, GUIDANCE, PRIORITY, STEPS
from app.parts import parts

routes = Blueprint("page", __name__)


@routes.get("/")
def show() -> str:
    return render_template(
        "index.html",
        settings=parts().settings,
        guidance=GUIDANCE,
        steps=STEPS,
        priority=PRIORITY,
        expires_s=EXPIRES_S,
    )
