"""What the address of a thumbnail says about the original."""

import pytest

from dispatch.collecting.originals import addresses_to_try

YOUTUBE = "https://i.ytimg.com/vi/abcdefghijk"


@pytest.mark.parametrize(
    ("url", "larger"),
    [
        (f"{YOUTUBE}/hqdefault.jpg", f"{YOUTUBE}/maxresdefault.jpg"),
        ("https://img.youtube.com/vi/abcdefghijk/0.jpg", "https://img.youtube.com/vi/abcdefghijk/maxresdefault.jpg"),
        (f"{YOUTUBE}/maxresdefault.jpg", None),
        ("https://a.example/lamp-300x200.jpg", "https://a.example/lamp.jpg"),
        ("https://a.example/lamp-1024x768.webp", "https://a.example/lamp.webp"),
        ("https://a.example/lamp-1536x1024.jpg", None),
        ("https://a.example/lamp.jpg", None),
        ("https://a.example/lamp-300x200.jpg?token=1", None),
        ("https://1.bp.blogspot.com/-a/b/c/s72-c/lamp.jpg", "https://1.bp.blogspot.com/-a/b/c/s1200/lamp.jpg"),
        ("https://blogger.googleusercontent.com/img/a/b=s72-c", "https://blogger.googleusercontent.com/img/a/b=s1200"),
        ("https://1.bp.blogspot.com/-a/b/c/s1600/lamp.jpg", None),
        ("https://i0.wp.com/a.example/lamp.jpg?resize=300%2C200&ssl=1", "https://i0.wp.com/a.example/lamp.jpg?w=1200"),
        ("https://i0.wp.com/a.example/lamp.jpg?w=1600", None),
        ("https://i0.wp.com.evil.example/lamp.jpg?w=300", None),
        ("http://[::1/lamp.jpg", None),
    ],
)
def test_the_original_of_a_thumbnail_is_asked_for_first(url: str, larger: str | None) -> None:
    """YouTube, WordPress and its picture network, Blogger; the address that was given comes last, and always."""
    assert addresses_to_try(url) == ([larger, url] if larger else [url])
