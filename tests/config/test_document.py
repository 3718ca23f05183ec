"""A TOML file that cannot be read says where and why."""

from pathlib import Path

import pytest

from dispatch.config.document import dotted, read_document
from dispatch.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = abc", '1: column 5: there is no value here that TOML knows: text stands in "quotes", switches are true'),
        ("a = 1\nb = True", "2: column 5: there is no value here"),
        ("a = 1\na = 2\nb = 3", "2: column 6: this key stands here for the second time"),
        ("[a]\n[b]\n[a]", "3: column 3: this table stands here for the second time"),
        ("a = { b = 1 }\na.c = 2\n", "2: column 8: an inline table"),
        ("\nkey: 1", '2: column 4: a key is followed by "="'),
        ('a = "x" y', "1: column 9: one value stands on a line"),
        ('a = "x\nb = 1', "1: column 7: the text in quotes does not end on this line"),
        ('a = "C:\\p"', "1: column 10: a backslash in double quotes has to be written twice"),
        ("[a", '1: end of the file: the header of a table ends in "]"'),
        ("a = [\n1,\n2", '3: end of the file: a list begins with "["'),
        ('a = """\nx', "2: end of the file: the text in quotes does not end"),
        ("= 1", "1: column 1: this is not TOML: Invalid statement"),
    ],
)
def test_what_is_not_toml_is_said_with_line_and_column(tmp_path: Path, text: str, expected: str) -> None:
    """In words that say what to do, for the mistakes that people make."""
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_document(path)
    assert str(caught.value).startswith(f"{path}:{expected}")


def test_a_file_in_another_encoding_is_refused_with_the_line(tmp_path: Path) -> None:
    """Latin-1 and UTF-16 are what editors produce."""
    path = tmp_path / "config.toml"
    path.write_bytes("a = 1\nb = 'Café'\n".encode("latin-1"))
    with pytest.raises(ConfigurationError, match=r"config\.toml:2: this is not UTF-8"):
        read_document(path)
    path.write_bytes("a = 1\n".encode("utf-16"))
    with pytest.raises(ConfigurationError, match=r"config\.toml:1: this is not UTF-8"):
        read_document(path)


def test_a_file_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    """The path is named as it was asked for."""
    with pytest.raises(ConfigurationError, match=r"none\.toml: there is no such file: `dispatch init` writes one"):
        read_document(tmp_path / "none.toml")


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    """`--config /etc/dispatch` is an easy mistake."""
    with pytest.raises(ConfigurationError, match="this is a folder"):
        read_document(tmp_path)


def test_a_file_below_another_file_cannot_be_read(tmp_path: Path) -> None:
    """What the system says is passed on."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="it cannot be read: Not a directory"):
        read_document(tmp_path / "file" / "config.toml")


def test_tables_nested_without_end_are_refused(tmp_path: Path) -> None:
    """A file made to exhaust the reader gets a sentence."""
    path = tmp_path / "config.toml"
    path.write_text("a = " + "[" * 100_000)
    with pytest.raises(ConfigurationError, match="too deep in one another"):
        read_document(path)


def test_keys_are_quoted_where_toml_quotes_them() -> None:
    """Elements of lists are found by their line, not by a number."""
    assert dotted(("relays", "main", "domains", "slow.example", 3)) == 'relays.main.domains."slow.example"'
