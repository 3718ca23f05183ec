"""What plugins and themes leave in a post and no reader came for: share bars, comment forms, print buttons, footers.

First by class and id, while they are there (`drop_boxes`); then by the words, because much of it arrives as bare text
(`drop_words`). Words that mean something elsewhere ("Email", "Related") only count where nothing but such words stands.
"""

import re
from collections.abc import Collection
from itertools import takewhile

from dispatch.collecting.markup import BLANK, Element, following, is_blank, last_child, remove, tags, text_of, words
from dispatch.collecting.rules import host_name

_UNWANTED = words(
    "script style template iframe object embed applet svg canvas audio video button select textarea input option "
    "datalist progress meter dialog map area frame frameset noframes meta link base title head label legend"
)
_FORM_TEXT = 600  # characters; a form with more is a page that somebody wrapped into one

# A class or id that begins like this is such a box, whatever follows.
_BOXES = re.compile(
    r"(?:sharedaddy|sd-sharing|sd-block|sd-like|sd-social|jp-relatedposts|jp-related|jp-post-flair|jetpack-likes|"
    r"jetpack-sharing|jetpack_subscription|wp-block-jetpack-(?:sharing|subscriptions|like|related)|addtoany_|a2a_|"
    r"addthis|at-(?:share|above|below)|atstbx|sharethis|essb_|ssba|ssbp|shariff|heateor_|mashsb|swp_social|swp-|"
    r"social-?_?shar|social-(?:icons|buttons|links|bookmarks)|share-?_?(?:buttons|bar|links|this|icons|post)|sharing-|"
    r"post-shar|entry-shar|crp_related|yarpp|related-?_?posts|wp_rp|zem_|pdfprnt|pf-button|print-?friendly|"
    r"wpptopdf|pdf-?24|image_pdf|comment-?_?(?:respond|form|list|reply|s-area)|comments-area|respond$|comments$|"
    r"disqus_|feedflare|mc4wp|mailpoet_form|wpcf7|gform_|ninja-forms|newsletter-(?:signup|form)|subscribe-form|post-views|"
    r"wpulike|tweetmeme|twitter-share|fb-(?:like|share|root)|g-plusone|linkedin-share|digg_|simplesocial|juiz_sps|et_social|nc_social|"
    r"dpsp|novashare|sfsi_|screen-reader|sr-only|visually-hidden|post-navigation|nav-links|adsbygoogle|"
    r"google-auto-placed|wp-polls|tptn_|stf-|send-?to-?friend|send_this|w3-share|scriptlesssocialsharing|kk-star-ratings|more-link$)",
    re.IGNORECASE,
)
_PRINT_BUTTONS = re.compile(r"(?:image_pdf|image_print)+", re.IGNORECASE)
_SENTENCES = re.compile(
    r"share this(?: post| story| page| entry)?|like this|like loading|like this like loading|"
    r"(?:click to )?(?:share|email|print)(?: this| a link)?(?: on \w+| to a friend)? opens in new window|"
    r"send (?:this|it) to a friend|your email address will not be published(?: required fields are marked)?|"
    r"required fields are marked|leave a (?:reply|comment)(?: to .{1,60})?(?: cancel reply)?|cancel reply|post comment|"
    r"save my name email and website in this browser for the next time i comment|"
    r"notify me of (?:follow-?up|new) (?:comments|posts) by (?:e-?mail|email)|"
    r"this site uses akismet to reduce spam.{0,80}|print friendly(?: pdf (?:and )?email)?|"
    r"you must (?:be logged|log) in to post a comment|type your email.{0,10} subscribe|add to any|"
    r".{1,200} was originally published in .{1,100} on medium where people are continuing the conversation.{0,80}|"
    r"if the formatting looks .{1,60} visit the original (?:article|post)|"
    r"the post .{1,400} (?:appeared first on|first appeared on) .{1,200}",
    re.IGNORECASE,
)
_SHARE_WORDS = words(
    "share tweet print email e-mail pdf pin pinterest facebook twitter x linkedin reddit whatsapp telegram tumblr "
    "pocket like more bluesky mastodon threads stumbleupon digg delicious google+ mail flipboard it this on post"
)
_RELATED = frozenset(
    {"related", "related posts", "related articles", "related stories", "related reading", "you may also like"}
    | {"you might also like", "more like this", "similar posts", "recommended reading"}
)
_FORM_LABELS = frozenset({"comment", "name", "email", "website", "δ", "comment name email website"})
_COMMENT_BOX = re.compile(r"comments?(?:[-_]|$)|respond$", re.IGNORECASE)
_COMMENT_HEADING = re.compile(r"leave a (?:reply|comment)\b.{0,80}", re.IGNORECASE)
_COMMENT_COUNT = re.compile(
    r"(?P<count>one|\d{1,5}) (?:responses?|comments?|replies|reply|thoughts?)(?: to .{1,300}| on .{1,300})?",
    re.IGNORECASE,
)
_FORM_SENTENCE = "your email address will not be published"
_CONTINUE = re.compile(
    r"[(\[]?\s*(?:continue reading|read (?:the )?(?:more|rest|full|whole)|keep reading|more\s*(?:…|\.\.\.|»|→|$)|"
    r"(?:…|\.\.\.)\s*(?:more|$)|click here to read|view (?:the )?original (?:post|article)|"
    r"to read (?:this|the) (?:full |whole )?(?:article|story|post)\b|(?:\W\s*)?permalink\W*$)",
    re.IGNORECASE,
)
_ELLIPSIS = re.compile(
    r"\s*(?:\[\s*(?:…|\.\.\.|&hellip;)\s*\]|\((?:more|read more)\s*(?:…|\.\.\.)?\)|(?:…|\.\.\.)\s*\[\s*\])\s*$"
)
_DATE = r"(?:\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}|(?:\d{1,2} )?[A-Z][a-z]{2,8}\.? (?:\d{1,2} )?\d{4})"
_SIGNED = re.compile(rf"By [^.!?]{{2,60}}? (?:in [A-Z][\w ]{{1,30}} )?(?:on )?{_DATE}\.?")
_APPEARED_FIRST = re.compile(r"\s*\bThe post .{1,400}? (?:appeared first on|first appeared on) .{1,200}$", re.DOTALL)


def drop_boxes(body: Element) -> int | None:
    """Remove what class, id or tag says is no part of the text; gives the number of replies if they were among it."""
    replies: int | None = None
    for element in tags(body):
        if element.getparent() is None or not (_is_box(element) or _is_hidden(element)):
            continue
        if replies is None and _has_name(element, _COMMENT_BOX):
            replies = _replies_in(element) or _drop_comments_above(element)
        remove(element)
    for form in tags(body, "form"):
        if len(text_of(form)) < _FORM_TEXT:
            remove(form)
    for element in tags(body, *_UNWANTED):
        remove(element)
    return replies


def drop_words(body: Element, homes: Collection[str]) -> int | None:
    """Remove what its words say is no part of the text; gives the number of replies if a comment section stood there.

    To be done on settled blocks. `homes`: hosts of the source; "read more" that leads elsewhere is no debris.
    """
    _drop_print_buttons(body)
    replies = _cut_comments(body)
    for block in tags(body, "p", "li", "h2", "h3", "h4", "h5", "h6", "figcaption", "td", "dt", "dd"):
        if block.getparent() is not None and _is_debris(block):
            remove(block)
    for listing in tags(body, "ul", "ol"):
        if len(listing) and all(_is_share_words(text_of(item)) for item in listing):
            remove(listing)
    _drop_related(body)
    _drop_endings(body, homes)
    return replies


def _is_box(element: Element) -> bool:
    return _has_name(element, _BOXES)


def _has_name(element: Element, pattern: re.Pattern[str]) -> bool:
    names = [*(element.get("class") or "").split(), element.get("id") or ""]
    return any(pattern.match(name) for name in names)


def _is_hidden(element: Element) -> bool:
    if element.tag in ("img", "noscript"):
        return False
    style = (element.get("style") or "").replace(" ", "").lower()
    return "display:none" in style or element.get("hidden") is not None


def _plain(text: str) -> str:
    """Words alone, in lower case: punctuation and marks differ from theme to theme."""
    return " ".join(re.sub(r"[^\w\s+'-]|_", " ", text.lower()).split())


def _is_debris(block: Element) -> bool:
    text = text_of(block)
    if len(text) > 800:
        return False
    plain = _plain(text)
    if plain and _SENTENCES.fullmatch(plain):
        return True
    starred = plain in _FORM_LABELS and "*" in text
    return starred or plain == "δ" or (_is_share_words(text) and _is_all_links(block) and _is_bar(block, plain))


def _is_bar(block: Element, plain: str) -> bool:
    """Whether links make a bar of buttons: several of them, or one that says what it does."""
    return len(tags(block, "a")) > 1 or plain.startswith(("share", "tweet", "print", "pin"))


def _is_share_words(text: str) -> bool:
    spoken = _plain(text).split()
    return 0 < len(spoken) <= 12 and _SHARE_WORDS.issuperset(spoken)


def _is_all_links(block: Element) -> bool:
    """Whether a block has links and nothing to read beside them."""
    links = tags(block, "a")
    linked = sum(len(text_of(link).replace(" ", "")) for link in links)
    return bool(links) and linked >= len(re.sub(r"[\s|·•,/-]", "", text_of(block))) > 0


def _drop_print_buttons(body: Element) -> None:
    for element in [body, *tags(body)]:
        in_code = element.tag in ("pre", "code", "kbd", "samp")
        if element.text and not in_code and "image_p" in element.text.lower():
            element.text = _PRINT_BUTTONS.sub("", element.text).rstrip(BLANK) or None
        if element.tail and "image_p" in element.tail.lower():
            element.tail = _PRINT_BUTTONS.sub("", element.tail)
    for block in reversed(tags(body, "p", "li", "a", "span")):
        if is_blank(text_of(block)) and not tags(block, "img"):
            remove(block)


def _cut_comments(body: Element) -> int | None:
    """Cut off a comment section, from its heading (or its count) on, if it has its form below it."""
    for block in body:
        if not _COMMENT_HEADING.fullmatch(_plain(text_of(block))):
            continue
        below = [block, *following(block)]
        if not any(_FORM_SENTENCE in _plain(text_of(element)) for element in below):
            continue
        start, replies = _comments_above(block)
        for element in [start, *following(start)]:
            remove(element)
        return replies
    return None


def _replies_in(box: Element) -> int | None:
    """The number that a heading inside a comment section gives."""
    headings = (_COMMENT_COUNT.fullmatch(_plain(text_of(heading))) for heading in tags(box, "h2", "h3", "h4", "p"))
    return next((_counted(found) for found in headings if found), None)


def _drop_comments_above(form: Element) -> int | None:
    """Remove the comments that stand, without a box of their own, between their heading and a comment form."""
    start, replies = _comments_above(form)
    for element in [start, *takewhile(lambda below: below is not form, following(start))] if start is not form else []:
        remove(element)
    return replies


def _counted(found: re.Match[str]) -> int:
    return 1 if found["count"].lower() == "one" else int(found["count"])


def _comments_above(form: Element) -> tuple[Element, int | None]:
    """Where the comments above a comment form begin, and how many their heading counts."""
    for block in form.itersiblings(preceding=True):
        found = _COMMENT_COUNT.fullmatch(_plain(text_of(block)))
        if found:
            return block, _counted(found)
    return form, None


def _drop_related(body: Element) -> None:
    """Remove a list of related posts at the end, with its heading."""
    for block in list(body)[-12:]:
        if block.getparent() is None or _plain(text_of(block)) not in _RELATED:
            continue
        below = list(following(block))
        if all(_is_all_links(element) or is_blank(text_of(element)) for element in below):
            for element in [block, *below]:
                remove(element)


def _drop_endings(body: Element, homes: Collection[str]) -> None:
    """Remove "Continue reading", "[…]" and "The post … appeared first on …" from the ends of paragraphs.

    In a quotation "[…]" is not debris but what was left out of it.
    """
    last = last_child(body)
    if last is not None and _is_signature(last, homes):
        remove(last)
    for block in tags(body, "p", "li", "figcaption", "td"):
        while _ends_with_invitation(block, homes):
            remove(block[-1])
        if next(block.iterancestors("blockquote"), None) is None:
            _shorten_end(block, _ELLIPSIS, "…")
        if not len(block):
            _shorten_end(block, _APPEARED_FIRST, "")


def _is_signature(block: Element, homes: Collection[str]) -> bool:
    """Whether a line says who wrote this and when, with a link to where it is: both stand above the text in a mail."""
    leads_home = any(host_name(link.get("href")) in homes for link in tags(block, "a"))
    return block.tag == "p" and leads_home and bool(_SIGNED.fullmatch(text_of(block).replace(",", "")))


def _ends_with_invitation(block: Element, homes: Collection[str]) -> bool:
    if not len(block) or not is_blank(block[-1].tail):
        return False
    last = block[-1]
    if last.tag != "a":
        return False
    leads_home = not homes or host_name(last.get("href")) in homes
    text = text_of(last)
    # A lone sign (★, ∞, #, →) is how link blogs lead to their own page.
    return leads_home and bool(_CONTINUE.match(text) or re.fullmatch(r"\W{0,5}", text)) and not tags(last, "img")


def _shorten_end(block: Element, ending: re.Pattern[str], instead: str) -> None:
    if len(block):
        tail = block[-1].tail or ""
        if ending.search(tail):
            block[-1].tail = ending.sub(instead, tail)
    elif block.text and ending.search(block.text):
        block.text = ending.sub(instead, block.text)
