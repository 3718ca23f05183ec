"""Rows of CSV: what is broken costs only itself."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from dispatch.subscribing.csv_rows import MAX_LINE_CHARACTERS, CsvFile


def read(text: str) -> list[tuple[int, list[str], str]]:
    """All rows of a file, header first."""
    file = CsvFile(io.BytesIO(text.encode()), "the file")
    return [(1, file.header, ""), *((row.line, row.fields, row.fault) for row in file.rows())]


def test_a_quoted_field_may_go_on_over_lines() -> None:
    """And the row that follows knows its line."""
    assert read('a,b\n1,"two\nlines, ""here"""\n2,x\n')[1:] == [
        (2, ["1", 'two\nlines, "here"'], ""),
        (4, ["2", "x"], ""),
    ]


def test_an_unclosed_quote_swallows_nothing() -> None:
    """However many rows follow, each of them is read."""
    rows = read('a,b\n1,"x\n' + "".join(f"{number},y\n" for number in range(2, 60)))
    assert rows[1] == (2, [], "a quotation mark is opened and never closed")
    assert [fields[0] for _, fields, _ in rows[2:]] == [str(number) for number in range(2, 60)]


def test_two_unclosed_quotes_are_two_broken_rows() -> None:
    """Even where one could be taken for the end of the other, no row around them is lost."""
    rows = read('a,b\n1,"x\n2,y\n' + "".join(f"{number},y\n" for number in range(3, 40)) + '40,"z\n')
    assert [fault for _, _, fault in rows if fault] == ["a quotation mark is opened and never closed"] * 2
    assert len(rows) == 41


def test_a_quotation_mark_inside_a_field_is_a_quotation_mark() -> None:
    """It opens nothing."""
    assert read('a,b\n12" record,x\n2,"y"z\n')[1:] == [(2, ['12" record', "x"], ""), (3, ["2", "yz"], "")]


def test_an_endless_line_is_one_broken_row() -> None:
    """Its length is not kept in memory, and what follows is read."""
    rows = read("a,b\n" + "x" * (3 * MAX_LINE_CHARACTERS) + "\n2,y\n")
    assert rows[1] == (2, [], f"the line is longer than {MAX_LINE_CHARACTERS} characters")
    assert rows[2] == (3, ["2", "y"], "")


@given(
    st.lists(
        st.lists(st.text(st.sampled_from("ab\",;\n\r' é"), max_size=6), min_size=2, max_size=2).filter(
            lambda row: any(field.strip(" ") for field in row)
        ),
        max_size=6,
    )
)
def test_what_a_spreadsheet_writes_is_what_is_read(rows: list[list[str]]) -> None:
    """Any fields at all, quoted where they must be."""
    text = io.StringIO()
    csv.writer(text).writerows([["email", "name"], *rows])
    assert [fields for _, fields, _ in read(text.getvalue())] == [["email", "name"], *rows]
