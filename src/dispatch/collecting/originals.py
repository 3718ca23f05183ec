"""Where the larger version of a picture is: many feeds name a thumbnail, and its address says how to ask for more."""

import re
from collections.abc import Iterator

from dispatch.collecting.links import host_of

ENOUGH = 1_200  # px; what a mail shows at most, twice
_YOUTUBE_STILL = re.compile(r"(/vi(?:_webp)?/[\w-]{6,20})/(?:hq|mq|sd)?(?:default|0)\.(?:jpg|webp)(?:\?.*)?$")
_WORDPRESS_SIZE = re.compile(r"-(\d{2,4})x\d{2,4}(?=\.(?:jpe?g|png|webp|gif|avif)$)", re.IGNORECASE)
_BLOGGER_SIZE = re.compile(r"(?<=/)s(\d{2,4})(?:-[a-z0-9-]+)?(?=/[^/]+$)|(?<==)[sw](\d{2,4})(?:-[a-z0-9-]+)?$")
_PHOTON_SIZE = re.compile(r"[?&](?:w|resize|fit)=(\d{2,4})\b")


def addresses_to_try(url: str) -> list[str]:
    """Where to ask for a picture, the largest that a mail can use first and the given address last."""
    return list(dict.fromkeys((*_larger(url), url)))


def _larger(url: str) -> Iterator[str]:
    host = host_of(url)
    if host in ("i.ytimg.com", "img.youtube.com") and _YOUTUBE_STILL.search(url):
        # 16:9, without the black bars that the other sizes have above and below.
        yield _YOUTUBE_STILL.sub(r"\1/maxresdefault.jpg", url)
    elif host.endswith((".bp.blogspot.com", "blogger.googleusercontent.com")):
        yield from _if_small(_BLOGGER_SIZE, url, f"s{ENOUGH}")
    elif re.fullmatch(r"i[0-3]\.wp\.com", host):
        if (found := _PHOTON_SIZE.search(url)) and int(found[1]) < ENOUGH:
            yield f"{url.partition('?')[0]}?w={ENOUGH}"
    else:
        yield from _if_small(_WORDPRESS_SIZE, url, "")


def _if_small(size: re.Pattern[str], url: str, instead: str) -> Iterator[str]:
    found = size.search(url)
    if found and int(next(filter(None, found.groups()))) < ENOUGH:
        yield url[: found.start()] + instead + url[found.end() :]
