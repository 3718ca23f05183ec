"""What is made once: shared by those who wait for it, forgotten when it failed or when there is too much."""

import asyncio

import pytest

from dispatch.web.kept import Kept


def test_what_many_ask_for_at_once_is_made_once() -> None:
    """They all wait for the same."""

    async def ask() -> tuple[list[str], int]:
        kept, made, go = Kept[str](9), 0, asyncio.Event()

        async def make() -> str:
            nonlocal made
            made += 1
            await go.wait()
            return "page"

        waiting = [asyncio.create_task(kept.get("key", make)) for _ in range(5)]
        await asyncio.sleep(0)
        go.set()
        return [*await asyncio.gather(*waiting), await kept.get("key", make)], made

    assert asyncio.run(ask()) == (["page"] * 6, 1)


def test_what_could_not_be_made_is_tried_again() -> None:
    """By the next who asks; whoever waited hears why."""

    async def ask() -> str:
        kept = Kept[str](9)

        async def fail() -> str:
            raise ValueError("a template at fault")

        async def make() -> str:
            return "mended"

        with pytest.raises(ValueError, match="a template at fault"):
            await kept.get("key", fail)
        await asyncio.sleep(0)
        return await kept.get("key", make)

    assert asyncio.run(ask()) == "mended"


def test_who_goes_away_does_not_take_the_page_along() -> None:
    """Others wait for it too."""

    async def ask() -> str:
        kept, go = Kept[str](9), asyncio.Event()

        async def make() -> str:
            await go.wait()
            return "page"

        impatient, patient = (asyncio.create_task(kept.get("key", make)) for _ in range(2))
        await asyncio.sleep(0)
        impatient.cancel()
        go.set()
        return await patient

    assert asyncio.run(ask()) == "page"


def test_the_one_that_nobody_has_asked_for_longest_goes_first() -> None:
    """There is a most."""

    async def ask() -> list[str]:
        kept, made = Kept[str](2), list[str]()

        async def get(key: str) -> None:
            async def make() -> str:
                made.append(key)
                return key

            await kept.get(key, make)

        for key in ("a", "b", "a", "c", "a", "b"):
            await get(key)
        return made

    assert asyncio.run(ask()) == ["a", "b", "c", "b"]
