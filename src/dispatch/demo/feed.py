"""The magazine's feed as a WordPress with many plugins would serve it: RSS 2.0, whole texts, debris around them."""

from collections.abc import Sequence
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr

from dispatch.demo.magazine.pieces import LANGUAGE, NAME, TAGLINE, Piece

NAMESPACES = {
    "content": "http://purl.org/rss/1.0/modules/content/",
    "wfw": "http://wellformedweb.org/CommentAPI/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "atom": "http://www.w3.org/2005/Atom",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "media": "http://search.yahoo.com/mrss/",
}

BLANK = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"

# What plugins leave in a text; a reader of the mail never sees any of it. "lazy" concerns the picture: see `_picture`.
DEBRIS = {
    "print": (
        '<div class="pdfprnt-buttons"><span class="image_pdf">image_pdf</span>'
        '<span class="image_print">image_print</span></div>'
    ),
    "share": (
        '<div class="sharedaddy sd-sharing-enabled"><h3 class="sd-title">Share this:</h3><ul>'
        '<li class="share-social"><a class="sd-button" href="https://social.example/share?u={link}">Share</a></li>'
        '<li class="share-pin"><a class="sd-button" href="https://pins.example/pin?u={link}">Pin it</a></li>'
        '</ul></div><p class="wp-email"><a href="{link}email/" rel="nofollow">Send this to a friend</a></p>'
    ),
    "related": (
        '<div class="yarpp yarpp-related"><h3>Related pieces:</h3><ol><li><a href="{home}">Something else</a></li>'
        '<li><a href="{home}">Something like it</a></li></ol></div><script>window.related = true</script>'
    ),
    "pixel": '<img src="https://stats.example/count.gif?page={link}" width="1" height="1" alt="" />',
    "lazy": "",
}


def feed_of(pieces: Sequence[Piece], url: str) -> str:
    """The feed of these pieces, newest first, for the site at `url`."""
    spaces = " ".join(f'xmlns:{prefix}="{address}"' for prefix, address in NAMESPACES.items())
    items = "\n".join(_item(piece, url) for piece in pieces)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" {spaces}>
<channel>
<title>{escape(NAME)}</title>
<atom:link href="{url}/feed/" rel="self" type="application/rss+xml" />
<link>{url}/</link>
<description>{escape(TAGLINE)}</description>
<lastBuildDate>{format_datetime(pieces[0].published_at)}</lastBuildDate>
<language>{LANGUAGE}</language>
<image><url>{url}/images/favicon.png</url><title>{escape(NAME)}</title><link>{url}/</link></image>
{items}
</channel>
</rss>
"""


def _item(piece: Piece, url: str) -> str:
    link = url + piece.path
    categories = "".join(f"<category>{escape(category)}</category>" for category in piece.categories)
    return f"""<item>
<title>{escape(piece.title)}</title>
<link>{link}</link>
<comments>{link}#comments</comments>
<dc:creator>{escape(piece.author)}</dc:creator>
<pubDate>{format_datetime(piece.published_at)}</pubDate>
{categories}
<guid isPermaLink="false">{url}/?p={100 + piece.number}</guid>
<description>{escape(piece.summary)} [&amp;#8230;]</description>
<content:encoded>{escape(_content(piece, url))}</content:encoded>
<wfw:commentRss>{link}feed/</wfw:commentRss>
<slash:comments>{piece.replies}</slash:comments>
{_media(piece, url)}</item>"""


def _media(piece: Piece, url: str) -> str:
    if not piece.picture:
        return ""
    return (
        f'<media:content url="{url}/images/{piece.picture}.jpg" medium="image" width="1200" height="640">'
        f"<media:description>{escape(piece.picture_alt)}</media:description>"
        f"<media:credit>{escape(piece.picture_credit)}</media:credit></media:content>\n"
    )


def _content(piece: Piece, url: str) -> str:
    link = url + piece.path
    debris = "\n".join(DEBRIS[kind].format(link=link, home=f"{url}/") for kind in piece.debris)
    close = f'<p>The post <a href="{link}">{escape(piece.title)}</a> appeared first on <a href="{url}/">{NAME}</a>.</p>'
    return "\n".join((_picture(piece, url), piece.html, debris, close))


def _picture(piece: Piece, url: str) -> str:
    if not piece.picture:
        return ""
    source, alt = f"{url}/images/{piece.picture}.jpg", quoteattr(piece.picture_alt)
    image = f'<img src="{source}" width="1200" height="640" alt={alt} />'
    if "lazy" in piece.debris:
        lazy = f'<img class="lazyload" src="{BLANK}" data-src="{source}" width="1200" height="640" alt={alt} />'
        image = f"{lazy}<noscript>{image}</noscript>"
    return f'<figure class="wp-block-image">{image}<figcaption>{escape(piece.picture_credit)}</figcaption></figure>'
