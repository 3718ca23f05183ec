"""Notes of copies in a text: only ours, only at pictures, and nothing else of the text is touched."""

from hypothesis import example, given
from hypothesis import strategies as st

from dispatch.collecting.cleaning import clean_html, plain_text
from dispatch.collecting.copies import uncopied_pictures, with_copies, with_copies_of
from dispatch.model.post import Picture

A, B = "https://a.example/a.png?x=1&y=2", "https://a.example/b.png"
COPY = Picture("0123abcd.jpg", 1200, 600)
PIECES = ["<p>", "</p>", "<img ", f'src="{A}"', f"src='{B}'", " alt=", '"<img src=x>"', "'> \"b\"'", ">", "&lt;img"]


def test_no_stranger_can_note_a_copy() -> None:
    """The name of a file is ours to give."""
    cleaned = clean_html(f'<p><img src="{B}" data-copy="../../secret.jpg">x</p>', None).html
    assert cleaned == f'<p><img src="{B}" alt="">x</p>'


def test_a_note_replaces_the_size_that_the_site_gave() -> None:
    """It is the copy's; a picture that will not be copied has none, and neither is asked for again."""
    cleaned = clean_html(f'<p><img src="{A}" alt="x" width="90"><img src="{B}"></p>', None).html
    assert uncopied_pictures(cleaned) == [A, B]
    noted = with_copies(cleaned, {A: COPY, B: None})
    escaped = A.replace("&", "&amp;")
    assert noted == (
        f'<p><img src="{escaped}" alt="x" width="1200" data-copy="0123abcd.jpg"><img src="{B}" alt="" data-copy=""></p>'
    ).replace('width="1200"', 'width="1200" height="600"')
    assert uncopied_pictures(noted) == []
    assert with_copies_of(cleaned, noted) == noted.replace(' data-copy=""', "")


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
@example(f"<img src='{B}' alt=\"it's\u00a0so\">")
def test_nothing_but_pictures_is_touched(html: str) -> None:
    """Whatever a description or a title says."""
    cleaned = clean_html(html, None).html
    assert with_copies(cleaned, {}) == cleaned
    assert with_copies_of(cleaned, cleaned) == cleaned
    noted = with_copies(cleaned, {A: COPY, B: COPY})
    pictures = [cleaned.count(f'<img src="{url}"') for url in (A.replace("&", "&amp;"), B)]
    assert noted.count(f'data-copy="{COPY.file}">') == sum(pictures)
    assert plain_text(noted) == plain_text(cleaned)
    assert uncopied_pictures(noted) == []
