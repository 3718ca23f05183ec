"""Pictures inside a text: lazy ones resolved, trackers and placeholders dropped, emoji turned back into letters."""

import re

from dispatch.collecting.links import absolute_url, host_of
from dispatch.collecting.markup import Element, is_blank, make, remove, replace, tags, text_of, unwrap, words

WIDEST = 1_400  # px; of a srcset the widest that is not wider is taken
_LAZY_ATTRIBUTES = (
    "data-lazy-src",
    "data-src",
    "data-original",
    "data-orig-file",
    "data-lazy",
    "data-echo",
    "data-url",
)
_PLACEHOLDER = re.compile(
    r"(?:^|/)(?:blank|spacer|pixel|placeholder|transparent|1x1|clear|clear[-_]?dot|lazy[-_]?\w*|loading|gr[ae]y|trans|"
    r"loader|ajax-loader)(?:-\d+x\d+)?\.(?:gif|png|svg)(?:$|\?)",
    re.IGNORECASE,
)
_TRACKER_HOSTS = words(
    "doubleclick.net google-analytics.com googleadservices.com googlesyndication.com feedsportal.com pheedo.com "
    "quantserve.com scorecardresearch.com stats.wordpress.com pixel.wp.com stats.wp.com pixel.quora.com "
    "statcounter.com sitemeter.com rss.buysellads.com feedads.com adnxs.com amazon-adsystem.com assoc-amazon.com "
    "ir-na.amazon-adsystem.com hit.gemius.pl list-manage.com follow.it pixel.facebook.com "
    "chartbeat.net piano.io omtrdc.net 2o7.net vgwort.de met.vgwort.de"
)
_TRACKER_ADDRESS = re.compile(
    r"feeds?\.feedburner\.com/(?:~|.*/~)|/~(?:r|ff)/|feedproxy\.google\.com|medium\.com/_/stat|facebook\.com/tr\b|"
    r"blogger\.googleusercontent\.com/tracker|/b\.gif\?|/(?:piwik|matomo)\.php|/count(?:er)?\.gif|"
    r"/(?:open|pixel|beacon)\.(?:gif|png)(?:$|\?)|/wf/open\?|/__utm\.gif",
    re.IGNORECASE,
)
_EMOJI = re.compile(
    r"s\.w\.org/images/core/emoji|twemoji|/wp-includes/images/smilies/|fbcdn\.net/images/emoji", re.IGNORECASE
)
_SIZE_IN_NAME = re.compile(r"(?:-\d{2,5}x\d{2,5}|@[123]x)(?=\.\w+$)")
_SHARP_WIDTH = 1_000  # px; from here on a version is as good as what is copied of it
# What programs write where a person has written nothing: names of files, of cameras' pictures, of fields.
_NO_DESCRIPTION = re.compile(
    r"\S*\.(?:jpe?g|png|gif|webp|avif|heic|bmp|tiff?|svg)|a picture named \S+|"
    r"(?:img|dsc[nf]?|pxl|image|imagen|photo|picture|foto|bild|untitled|unnamed|thumbnail|thumb|featured image|"
    r"post image|placeholder|null|undefined|none|alt)[-_ ]*[\d_-]*|screen ?shot \d{4}-\d{2}-\d{2}\b.{0,40}",
    re.IGNORECASE,
)


def resolve_pictures(body: Element, base: str | None) -> None:
    """Give every picture its real, absolute address; drop those that nobody is meant to see."""
    _unwrap_captions(body)
    for fallback in tags(body, "noscript"):
        _settle_noscript(fallback, base)
    for picture in tags(body, "img"):
        address = _address(picture, base)
        if _is_emoji(picture):
            unwrap_as_text(picture, picture.get("alt") or "")
        elif address is None or is_pixel(picture) or is_tracker(address):
            remove(picture)
        else:
            _keep(picture, address)


def is_tracker(url: str) -> bool:
    """Whether an address is asked only so that somebody counts."""
    host = host_of(url)
    return any(host == known or host.endswith("." + known) for known in _TRACKER_HOSTS) or bool(
        _TRACKER_ADDRESS.search(url)
    )


def is_pixel(picture: Element) -> bool:
    """Whether a picture is made to be invisible."""
    style = (picture.get("style") or "").replace(" ", "").lower()
    sizes = [re.match(r"\d+", (picture.get(name) or "").strip()) for name in ("width", "height")]
    tiny = [found for found in sizes if found and int(found[0][:6]) <= 2]
    return bool(tiny) or bool(re.search(r"(?:^|;)(?:width|height):[01]px|display:none", style))


def is_placeholder(url: str) -> bool:
    """Whether an address stands for a picture that a script would load later."""
    return url.lower().startswith("data:") or bool(_PLACEHOLDER.search(url))


def described(alt: str) -> str:
    """What is said of a picture; "" where only a program has spoken."""
    words_of_it = " ".join(alt.split())
    return "" if _NO_DESCRIPTION.fullmatch(words_of_it) else words_of_it


def same_picture(one: str, other: str) -> bool:
    """Whether two addresses show one picture, perhaps in two sizes or through a proxy."""
    return bool(one) and bool(other) and _picture_name(one) == _picture_name(other)


def unwrap_as_text(element: Element, text: str) -> None:
    """Put plain text in an element's place."""
    holder = make("span", text)
    replace(element, holder)
    unwrap(holder)


def _keep(picture: Element, address: str) -> None:
    alt = picture.get("alt") or ""
    sizes = {name: (picture.get(name) or "").strip() for name in ("width", "height")}
    picture.attrib.clear()
    picture.set("src", address)
    picture.set("alt", described(alt))
    for name, value in sizes.items():
        if value.isascii() and value.isdigit() and len(value) < 5:
            picture.set(name, value)


def _address(picture: Element, base: str | None) -> str | None:
    written = (picture.get("src") or "").strip()
    lazy = [picture.get(name) for name in _LAZY_ATTRIBUTES] + [
        widest_of(picture.get("data-lazy-srcset") or picture.get("data-srcset") or picture.get("srcset") or ""),
        _source_of(picture),
    ]
    if written and not is_placeholder(written):
        lazy = [_sharper(picture.get("srcset") or ""), written, *lazy]
    candidates = lazy
    for candidate in candidates:
        address = absolute_url(candidate, base) if candidate and not is_placeholder(candidate) else None
        if address is not None:
            return re.sub(r"[?&]is-pending-load=1\b", "", address)
    return None


def _sharper(srcset: str) -> str:
    """The version for fine screens, if the picture itself is only for coarse ones; "" if there is none."""
    twice = re.search(r"(\S+)\s+2x\s*(?:,|$)", srcset)
    if twice:
        return twice[1]
    widest = widest_of(srcset)
    width = re.search(re.escape(widest) + r"\s+(\d{1,5})w", srcset) if widest else None
    return widest if width and int(width[1]) >= _SHARP_WIDTH else ""


def widest_of(srcset: str) -> str:
    """The widest picture of a srcset that is not wider than a mail can use, else the narrowest; "" for none."""
    found: list[tuple[str, str]] = re.findall(r"(\S+)\s+(\d{1,5})(?:\.\d+)?[wx]\s*(?:,|$)", srcset)
    if not found:
        return srcset.strip().split()[0].rstrip(",") if srcset.strip() else ""
    by_width = sorted(((int(width), address) for address, width in found), key=lambda pair: pair[0])
    fitting = [address for width, address in by_width if width <= WIDEST]
    return fitting[-1] if fitting else by_width[0][1]


def _source_of(picture: Element) -> str:
    """What a surrounding <picture> offers, formats that mail programs cannot show left out."""
    # libxml2 does not know that <source> is empty, and puts what follows inside.
    around = next(picture.iterancestors("picture"), None)
    for source in around.iter("source") if around is not None else ():
        if (source.get("type") or "image/jpeg") in ("image/jpeg", "image/png", "image/gif"):
            return widest_of(source.get("srcset") or source.get("data-srcset") or "")
    return ""


def _settle_noscript(fallback: Element, base: str | None) -> None:
    """Take the picture out of <noscript> where its lazy twin beside it has no address of its own."""
    before, after = fallback.getprevious(), fallback.getnext()
    if not tags(fallback, "img"):
        remove(fallback)
    elif before is not None and before.tag == "img" and is_blank(before.tail):
        if _address(before, base) is None:
            remove(before)
            unwrap(fallback)
        else:
            remove(fallback)
    elif after is not None and after.tag == "img" and _address(after, base) is not None and is_blank(fallback.tail):
        remove(fallback)
    else:
        unwrap(fallback)


def _unwrap_captions(body: Element) -> None:
    """WordPress's old captions (<div class="wp-caption">) become figures."""
    for box in tags(body, "div"):
        if "wp-caption" not in (box.get("class") or "").split() or not tags(box, "img"):
            continue
        box.tag = "figure"
        for line in tags(box, "p", "div", "span"):
            if "wp-caption-text" in (line.get("class") or "").split() and text_of(line):
                line.tag = "figcaption"


def _is_emoji(picture: Element) -> bool:
    classes = (picture.get("class") or "").split()
    marked = "emoji" in classes or "wp-smiley" in classes or bool(_EMOJI.search(picture.get("src") or ""))
    return marked and 0 < len(picture.get("alt") or "") <= 16


def _picture_name(url: str) -> str:
    return _SIZE_IN_NAME.sub("", url.partition("?")[0].rpartition("/")[2]).lower()
