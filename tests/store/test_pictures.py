"""Which pictures posts still want, on both databases."""

from datetime import timedelta

import pytest

from dispatch.model.post import Picture, PostState
from dispatch.store.database import Connection, Database
from dispatch.store.pictures import (
    WantedPicture,
    pictured_texts,
    postpone_picture,
    replace_body,
    set_picture,
    wanted_pictures,
)
from dispatch.store.posts import posts_by_ids, stored_posts, update_post, withdraw_posts
from tests.store.test_posts import DAY, NOW, add, entry

A, B = "https://a.example/1.jpg", "https://a.example/2.jpg"
COPY = Picture("a.jpg", 600, 400)


def wanted(database: Database, first_seen_after: timedelta = timedelta(0), now: timedelta = timedelta(0)) -> list[str]:
    """The titles of the posts whose picture is wanted, at most nine, as many days after all began as is said."""
    found = database.transact(wanted_pictures, "site", NOW + first_seen_after, NOW + now, 9)
    return [picture.title for picture in found]


def test_a_picture_is_wanted_until_it_is_there(database: Database) -> None:
    """Its alt text and credit were known before it was copied."""

    def fill(connection: Connection) -> None:
        add(connection, "waits", image_url=A, image_alt="A lamp", image_credit="Tom")
        add(connection, "archived", image_url=A, state=PostState.ARCHIVED)
        add(connection, "released", image_url=A, state=PostState.RELEASED)
        add(connection, "none")
        withdraw_posts(connection, [add(connection, "gone", image_url=A)], NOW)

    database.transact(fill)
    assert set(wanted(database)) == {"waits", "released"}
    assert wanted(database, first_seen_after=DAY) == ["waits"]
    [waits] = database.transact(wanted_pictures, "site", NOW + DAY, NOW, 9)
    database.transact(set_picture, waits, COPY)
    [post] = database.transact(posts_by_ids, [waits.post_id]).values()
    assert post.picture == Picture("a.jpg", 600, 400, "A lamp", "Tom")
    assert wanted(database, first_seen_after=DAY) == []


def test_a_picture_that_is_none_is_left_alone_for_a_while(database: Database) -> None:
    """Then it is wanted again, and may be had."""
    database.transact(add, image_url=A, image_alt="A lamp")
    [picture] = database.transact(wanted_pictures, "site", NOW, NOW, 9)
    database.transact(postpone_picture, picture, NOW + DAY)
    assert wanted(database, now=DAY - timedelta(seconds=1)) == []
    assert wanted(database, now=DAY) == ["Lamps"]
    database.transact(set_picture, picture, COPY)
    [post] = database.transact(posts_by_ids, [picture.post_id]).values()
    assert post.picture == Picture("a.jpg", 600, 400, "A lamp")


@pytest.mark.parametrize(("image_url", "kept"), [(A, True), (B, False)])
def test_a_picture_is_kept_as_long_as_it_is_the_same(database: Database, image_url: str, kept: bool) -> None:
    """An edition with another picture wants that one copied; one with better words for the same gives it those."""

    def edit(connection: Connection) -> int:
        post_id = add(connection, "a", image_url=A, image_alt="x")
        set_picture(connection, WantedPicture(post_id, "a", A), COPY)
        stored = stored_posts(connection, [post_id])[post_id]
        edition = entry("b", image_url=image_url, image_alt="A lamp", image_credit="Tom")
        update_post(connection, stored, edition, published_at=NOW, release_at=NOW, content_hash="other")
        return post_id

    post_id = database.transact(edit)
    copied = database.transact(posts_by_ids, [post_id])[post_id].picture
    assert copied == (Picture("a.jpg", 600, 400, "A lamp", "Tom") if kept else None)
    assert wanted(database) == ([] if kept else ["b"])


def test_a_copy_is_not_given_to_a_post_that_has_another_picture_by_now(database: Database) -> None:
    """It was edited while the old one was fetched."""
    post_id = database.transact(add, image_url=B)
    database.transact(set_picture, WantedPicture(post_id, "Lamps", A), COPY)
    assert database.transact(posts_by_ids, [post_id])[post_id].picture is None


def test_texts_with_pictures_are_found_and_noted_in(database: Database) -> None:
    """Those that may be mailed; a text that was edited meanwhile stays as it is."""

    def fill(connection: Connection) -> None:
        for state in PostState:
            add(connection, state.value, state=state, body=f'<p><img src="{A}" alt=""></p>')
        add(connection, "words alone", body="<p>No &lt;img here.</p>")
        add(connection, "other", body=f'<p><img src="{A}" alt=""></p>', source="other")

    database.transact(fill)
    texts = {text.title: text for text in database.transact(pictured_texts, "site", NOW)}
    assert texts.keys() == {"settling", "held", "released"}
    assert {text.title for text in database.transact(pictured_texts, "site", NOW + DAY)} == {"settling", "held"}
    text = texts["held"]
    database.transact(replace_body, text, "<p>noted</p>")
    database.transact(replace_body, text, "<p>too late</p>")
    assert database.transact(posts_by_ids, [text.post_id])[text.post_id].body == "<p>noted</p>"
