"""Cells of a file: what they say, and that no spreadsheet runs what we write."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.subscribing.cells import guarded, language_tag, moment_of, person_name, unguarded

DANGEROUS = "=+-@\t\r＝＋－＠"


@given(st.text(alphabet=st.sampled_from("=+-@\t\r＝＋－＠'\" \nab"), max_size=8))
def test_what_is_exported_comes_back_as_it_was(text: str) -> None:
    """Guarding loses nothing, whatever a name begins with."""
    assert unguarded(guarded(text)) == text


@given(st.text(max_size=12))
def test_no_exported_cell_begins_like_a_formula(text: str) -> None:
    """Behind spaces and quotes neither, and full-width signs count."""
    assert guarded(text).lstrip(' \n"')[:1] not in tuple(DANGEROUS)


@pytest.mark.parametrize("text", ["=1+1", "+44 20", "-Ada", "@ada", "\tAda", "\rAda", "＝1", ' "=1', "'=1"])
def test_a_cell_that_would_run_gets_an_apostrophe(text: str) -> None:
    """The forms spreadsheets fall for."""
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["Ada", "O'Neil", "ada@mail.example", "'t Hooft", "3 - 4", ""])
def test_a_harmless_cell_is_left_alone(text: str) -> None:
    """An apostrophe of somebody's own name stays one."""
    assert guarded(text) == text
    assert unguarded(text) == text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("  Ada \t Quill ", "Ada Quill", id="spaces"),
        pytest.param("Ada\r\nBcc: all@mail.example", "Ada Bcc: all@mail.example", id="line break"),
        pytest.param("Ada\u2028Quill", "Ada Quill", id="line separator"),
        pytest.param("\u202egro.elpmaxe\u202c", "gro.elpmaxe", id="turned around"),
        pytest.param("Zoë 王", "Zoë 王", id="any letters"),
        pytest.param("می\u200cنا", "می\u200cنا", id="a joiner of Persian"),
        pytest.param("x" * 500, "x" * 120, id="endless"),
    ],
)
def test_a_name_is_one_line_of_letters(text: str, name: str) -> None:
    """It will stand in a header one day."""
    assert person_name(text) == name


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("en_us", "en-US"),
        ("DE", "de"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("de_DE.UTF-8", "de-DE"),
        ("", ""),
        ("English", None),
    ],
)
def test_a_language_is_written_as_a_tag(text: str, tag: str | None) -> None:
    """As BCP 47 has it, from the forms that programs export."""
    assert language_tag(text) == tag


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("2025-03-04", datetime(2025, 3, 4, tzinfo=UTC), id="date"),
        pytest.param("2025-03-04 08:30:00", datetime(2025, 3, 4, 8, 30, tzinfo=UTC), id="date and time"),
        pytest.param("2025-03-04T08:30:00+02:00", datetime(2025, 3, 4, 6, 30, tzinfo=UTC), id="with a zone"),
        pytest.param("2025-03-04 08:30:00 UTC", datetime(2025, 3, 4, 8, 30, tzinfo=UTC), id="UTC in letters"),
        pytest.param("2025/3/4", datetime(2025, 3, 4, tzinfo=UTC), id="year first"),
        pytest.param("4.3.2025", datetime(2025, 3, 4, tzinfo=UTC), id="with points: day first"),
        pytest.param("25/03/2025 10:00", datetime(2025, 3, 25, tzinfo=UTC), id="day past twelve first"),
        pytest.param("03/25/2025", datetime(2025, 3, 25, tzinfo=UTC), id="day past twelve second"),
        pytest.param("03/04/2025", None, id="either of two days"),
        pytest.param("31.02.2025", None, id="no such day"),
        pytest.param("yesterday", None, id="words"),
    ],
)
def test_a_date_is_read_only_where_it_can_be_told(text: str, moment: datetime | None) -> None:
    """Guessing between March and April would make up a consent."""
    assert moment_of(text) == moment
