"""Videos: embedded players and bare addresses become a linked still, or a link in words; mail shows no player."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from dispatch.collecting.links import absolute_url, host_of
from dispatch.collecting.markup import Element, collapse, first_child, is_blank, make, remove, replace, tags, text_of
from dispatch.rendering.words import said

_YOUTUBE_HOSTS = frozenset({"youtube.com", "m.youtube.com", "youtube-nocookie.com", "youtu.be", "music.youtube.com"})
MAX_VIDEOS = 100  # of one text; more of them are a list of addresses
_ID = re.compile(r"[A-Za-z0-9_-]{6,20}")
_SHORTCODE = re.compile(
    r"\[(embed|youtube|vimeo|video)[^\]\n]{0,200}?\]?=?\s*(https?://[^\s\]\[]+)\s*\]?(?:\[/\1\])?", re.IGNORECASE
)
_BARE_ADDRESS = re.compile(r"https?://[^\s<>\"]+")
_ENDS_A_LINE = frozenset({"br", "p", "figure", "div"})
_SOUND_HOSTS = ("soundcloud.com", "open.spotify.com", "spotify.com", "bandcamp.com", "podcasts.apple.com")


@dataclass(frozen=True, slots=True)
class Video:
    """Where a video is watched, on what, and its still where the address of one is known."""

    place: str
    url: str
    still: str = ""


def find_video(url: str) -> Video | None:
    """The video at an address, an embedded player's or a page's; None where it is none that we know."""
    try:
        parts = urlsplit(url)
        query = parse_qs(parts.query, max_num_fields=50)
    except ValueError:
        return None
    host, steps = host_of(url), [step for step in parts.path.split("/") if step]
    if host in _YOUTUBE_HOSTS:
        return _youtube(host, steps, query)
    if host in ("vimeo.com", "player.vimeo.com"):
        number = next((step for step in steps if step.isascii() and step.isdigit()), "")
        return Video("Vimeo", f"https://vimeo.com/{number}") if number else None
    if host in ("dailymotion.com", "dai.ly", "geo.dailymotion.com"):
        return _dailymotion(host, steps, query)
    return None


def replace_videos(body: Element, base: str | None, words: object) -> None:
    """Turn players, their WordPress wrappers and addresses alone on a line into stills or links, in these words."""
    for player in tags(body, "iframe", "embed", "object", "video", "audio", "amp-youtube"):
        if player.getparent() is not None:
            _replace_player(player, base, words)
    for link in tags(body, "a"):
        found = find_video(link.get("href") or "") if _shows_its_address(link) and _stands_alone(link) else None
        if found:
            replace(link, shown(found, words))
    room = MAX_VIDEOS
    for element in [body, *tags(body, "p", "div", "figure", "li", "td", "blockquote", "section", "article")]:
        room -= _replace_bare_lines(element, room, words)


def shown(video: Video, words: object, title: str = "") -> Element:
    """A video as a mail shows it."""
    invitation = said(words, "watch", title=title) if title else said(words, "watch_on", place=video.place)
    if not video.still:
        paragraph = make("p")
        paragraph.append(make("a", invitation, href=video.url))
        return paragraph
    figure, link, caption = make("figure"), make("a", href=video.url), make("figcaption")
    link.append(make("img", src=video.still, alt=title or said(words, "video_still"), width="480", height="360"))
    caption.append(make("a", invitation, href=video.url))
    figure.extend([link, caption])
    return figure


def _youtube(host: str, steps: list[str], query: dict[str, list[str]]) -> Video | None:
    name = (query.get("v") or [""])[0]
    if host == "youtu.be" and steps:
        name = steps[0]
    elif len(steps) > 1 and steps[0] in ("embed", "v", "shorts", "live", "e"):
        name = steps[1].partition("&")[0]
    playlist = (query.get("list") or [""])[0]
    if name in ("", "videoseries") and _ID.match(playlist):
        return Video("YouTube", f"https://www.youtube.com/playlist?list={playlist}")
    if not _ID.fullmatch(name):
        return None
    return Video("YouTube", f"https://www.youtube.com/watch?v={name}", f"https://i.ytimg.com/vi/{name}/hqdefault.jpg")


def _dailymotion(host: str, steps: list[str], query: dict[str, list[str]]) -> Video | None:
    name = (query.get("video") or [""])[0]
    if "video" in steps[:-1]:
        name = steps[steps.index("video") + 1].partition("_")[0]
    elif host == "dai.ly" and steps:
        name = steps[0]
    if not re.fullmatch(r"[A-Za-z0-9]{5,12}", name):
        return None
    return Video(
        "Dailymotion",
        f"https://www.dailymotion.com/video/{name}",
        f"https://www.dailymotion.com/thumbnail/video/{name}",
    )


def _replace_player(player: Element, base: str | None, words: object) -> None:
    title = collapse(player.get("title") or "")[:120]
    for address in _addresses(player, base):
        found = find_video(address)
        if found:
            generic = title.lower() in ("", "youtube video player", "vimeo", "dailymotion video player")
            replace(player, shown(found, words, "" if generic else title))
            return
        if player.tag in ("video", "audio") or host_of(address).removeprefix("w.").endswith(_SOUND_HOSTS):
            replace(player, _linked_file(player, address, base, words))
            return
    remove(player)


def _linked_file(player: Element, address: str, base: str | None, words: object) -> Element:
    """A file or a player of sounds: a link, with the still that the page itself gives."""
    place = host_of(address)
    poster = absolute_url(player.get("poster"), base)
    if player.tag == "video":
        return shown(Video(place, address, poster or ""), words)
    paragraph = make("p")
    paragraph.append(make("a", said(words, "listen_on", place=place), href=address))
    return paragraph


def _addresses(player: Element, base: str | None) -> Iterator[str]:
    names = ("src", "data-src", "data-lazy-src", "data-litespeed-src", "data", "data-videoid")
    written = [player.get(name) for name in names]
    written += [
        inner.get("value") or inner.get("src")
        for inner in player.iter("param", "source", "embed")
        if inner.tag != "param" or (inner.get("name") or "").lower() in ("movie", "src")
    ]
    for address in written:
        found = absolute_url(address, base) if address and not address.startswith("about:") else None
        if found:
            yield found


def _shows_its_address(link: Element) -> bool:
    text = text_of(link)
    href = (link.get("href") or "").strip()
    return bool(text) and _without_scheme(text.rstrip("…")) in _without_scheme(href) and "." in text and " " not in text


def _without_scheme(address: str) -> str:
    return re.sub(r"^https?://(?:www\.)?", "", address.strip())


def _stands_alone(element: Element) -> bool:
    """Whether nothing else is on the element's line."""
    parent, before, after = element.getparent(), element.getprevious(), element.getnext()
    if parent is None or parent.tag not in (
        "body",
        "p",
        "div",
        "figure",
        "li",
        "td",
        "blockquote",
        "section",
        "article",
    ):
        return False
    text_before = parent.text if before is None else before.tail
    starts = before is None or before.tag == "br" or "\n" in (text_before or "")
    ends = after is None or after.tag == "br" or "\n" in (element.tail or "")
    first_line_after = (element.tail or "").lstrip(" \t").partition("\n")[0]
    last_line_before = (text_before or "").rstrip(" \t").rpartition("\n")[2]
    return starts and ends and is_blank(first_line_after) and is_blank(last_line_before)


def _replace_bare_lines(element: Element, room: int, words: object) -> int:
    """Look at the text before the first child and after each child of one element; gives the number of videos found."""
    count = 0
    if element.text and "://" in element.text:
        first = first_child(element)
        ends = first is None or first.tag in _ENDS_A_LINE
        text, made = _without_videos(element.text, room, words, starts=True, ends=ends)
        count += len(made)
        if made:
            element.text = text
            element[0:0] = made
    for child in list(element):
        if child.tail and "://" in child.tail:
            after = child.getnext()
            ends = after is None or after.tag in _ENDS_A_LINE
            starts = child.tag in _ENDS_A_LINE
            text, made = _without_videos(child.tail, room - count, words, starts=starts, ends=ends)
            count += len(made)
            if made:
                child.tail = None
                for piece in reversed(made):
                    child.addnext(piece)
                child.tail = text
    return count


def _without_videos(text: str, room: int, words: object, *, starts: bool, ends: bool) -> tuple[str, list[Element]]:
    """The text before the first line that is nothing but a video's address, and what stands for the rest.

    At most `room` videos are made. `starts`, `ends`: whether the text's own first line begins, and its last one ends,
    where a line does.
    """
    lines = _SHORTCODE.sub(r"\n\2\n", text).split("\n")
    first: list[str] = []
    made: list[Element] = []
    for number, line in enumerate(lines):
        alone = (number > 0 or starts) and (number < len(lines) - 1 or ends)
        found = (
            find_video(line.strip()) if alone and len(made) < room and _BARE_ADDRESS.fullmatch(line.strip()) else None
        )
        if found:
            made.append(shown(found, words))
        elif made:
            made[-1].tail = (made[-1].tail or "") + "\n" + line
        else:
            first.append(line)
    return "\n".join(first), made
