"""What `dispatch check` says of the pages: whether limits count readers, or the web server before them."""

from urllib.parse import urlsplit

from dispatch.config.checks import Check
from dispatch.config.settings import Settings

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")


def proxies_of_pages(settings: Settings) -> Check:
    """Pages that are reached by https and served on loopback stand behind a proxy, which has to be named."""
    web = settings.web
    host = web.listen.rpartition(":")[0]
    if urlsplit(web.public_url).scheme == "https" and host in _LOOPBACK and not web.trusted_proxies:
        return Check(
            "pages",
            "warning",
            "web.trusted_proxies is empty, so all readers behind your web server count as one network",
            'write trusted_proxies = ["127.0.0.1"] under [web], and let the web server send X-Forwarded-For',
        )
    return Check("pages", "ok", f"{web.public_url} is served on {web.listen}")
