"""The browser that pages are looked at with, as tests/rendering has it."""

from tests.rendering.conftest import browser

__all__ = ["browser"]
