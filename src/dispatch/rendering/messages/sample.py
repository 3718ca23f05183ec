"""One of each message, made of an issue's page and people who do not exist: for previews, and to look at."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from dispatch.model.issue import Rendering
from dispatch.rendering.cadence import with_cadence
from dispatch.rendering.letterhead import letterhead_of
from dispatch.rendering.look import Look
from dispatch.rendering.messages.address import (
    AlreadyPage,
    ErasedPage,
    MovedPage,
    MovePage,
    render_already,
    render_erased,
    render_move,
    render_moved,
)
from dispatch.rendering.messages.alert import AlertPage, Trouble, render_alert
from dispatch.rendering.messages.confirm import ConfirmPage, render_confirm
from dispatch.rendering.messages.goodbye import GoodbyePage, render_goodbye
from dispatch.rendering.messages.proof import Answer, ProofPage, render_proof
from dispatch.rendering.messages.share import SharePage, render_share
from dispatch.rendering.messages.welcome import LastIssue, WelcomePage, render_welcome
from dispatch.rendering.page import IssuePage
from dispatch.rendering.render import render
from dispatch.rendering.templates import TemplateFolder

SENDER = "review@example.net"


def sample_messages(page: IssuePage, look: Look, templates: TemplateFolder) -> dict[str, Rendering]:
    """Every message by its folder's name, the issue first. `page` has at least one post; raises RenderError."""
    page = with_cadence(replace(page, message="digest"), templates)
    single = replace(page, posts=page.posts[:1], message="post")
    issue = render(page, look, templates)
    return {
        "digest": issue,
        "post": render(single, look, templates),
        "share": render_share(_share(page), look, templates),
        "confirm": render_confirm(ConfirmPage(letterhead_of(page)), look, templates),
        "already": render_already(AlreadyPage(letterhead_of(page)), look, templates),
        "welcome": render_welcome(_welcome(page), look, templates),
        "goodbye": render_goodbye(GoodbyePage(letterhead_of(page)), look, templates),
        "move": render_move(MovePage(letterhead_of(page)), look, templates),
        "moved": render_moved(MovedPage(letterhead_of(page)), look, templates),
        "erased": render_erased(ErasedPage(letterhead_of(page)), look, templates),
        "proof": render_proof(_proof(page, issue), look, templates),
        "alert": render_alert(_alert(page), look, templates),
    }


def _share(page: IssuePage) -> SharePage:
    return SharePage(
        letterhead=letterhead_of(page),
        post=page.posts[0],
        sharer="Mara Lindqvist",
        sharer_address="mara.lindqvist@example.net",
        note="This is the one I told you about on the ferry.\nRead it before Sunday, because I intend to argue "
        "with you about the last line.",
        shared_at=_moment(page, time(14, 4)),
        subscribe_url=page.site_url,
        sections=page.sections,
    )


def _welcome(page: IssuePage) -> WelcomePage:
    last = LastIssue(page.posts[0].title, page.number, page.date, page.site_url)
    return WelcomePage(letterhead_of(page), last, page.date + timedelta(days=7), SENDER)


def _proof(page: IssuePage, issue: Rendering) -> ProofPage:
    return ProofPage(
        letterhead=letterhead_of(page),
        issue=issue,
        goes_at=_moment(page, time(7)),
        audience=8588,
        posts=len(page.posts),
        books=len(page.books),
        sender=f"{page.newsletter_name} <{SENDER}>",
        excluded={"paused": 14, "never to be mailed again": 3},
        answers=(
            Answer("Let it go", url=page.site_url),
            Answer("Hold it", url=page.site_url),
            Answer("Or on the command line", command="dispatch issues pause 214"),
        ),
    )


def _alert(page: IssuePage) -> AlertPage:
    trouble = Trouble(
        what="The relay “main” refuses mail",
        since=_moment(page, time(7, 2)),
        detail="It answered “554 5.7.1 Message rejected due to content” 50 times in a row, so the issue is paused. "
        "1,204 of 8,588 subscribers have it already; the others wait, and nobody gets it twice.",
        remedy="Ask the relay’s support about that answer. Once it takes mail again, let the issue go on:",
        commands=("dispatch check", "dispatch issues resume 214"),
    )
    silent = Trouble(
        what="The source “site” has been silent for longer than usual",
        since=_moment(page, time(2, 15)),
        detail="Its feed answers “404 Not Found”. The last new post came four days ago.",
        remedy="See whether its address has moved, and correct sources.site.url.",
        commands=("dispatch collect site",),
    )
    return AlertPage(letterhead_of(page), (trouble, silent))


def _moment(page: IssuePage, at: time) -> datetime:
    return datetime.combine(page.date, at, tzinfo=UTC)
