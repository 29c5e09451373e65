"""Security headers of every answer, and which sites may post and cancel."""

from urllib.parse import urlsplit

from flask import Request, Response

from app.errors import CrossSiteError

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "media-src 'self' blob:",  # hls.js feeds the player through an object URL
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def add(response: Response) -> Response:
    """Put the headers on `response`; what it says about caching stays, by default nothing is kept."""
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def check_same_site(request: Request) -> None:
    """Refuse what a browser sends for another site: its pages have no say in what is spoken here.

    Raises:
        CrossSiteError: the request says that it comes from another site's page.
    """
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is not None:
        foreign = site not in ("same-origin", "none")
    else:  # browsers send it only over HTTPS and to this machine
        foreign = origin is not None and urlsplit(origin).netloc != request.host
    if foreign:
        raise CrossSiteError("This can only be asked for by this server's own page, or by no page at all.")
