"""A CSV file into books.toml: checked whole, the difference shown, nothing of the editor's lost."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.errors import BooksError, ImportFileError
from dispatch.promoting.importing import BooksImport, plan_import, write_import
from dispatch.promoting.reading import read_catalogue
from tests.promoting.making import BOOKS_TOML, write_books

COMMENTED = BOOKS_TOML.replace("[books.tide-tables]", "# The one that sells.\n[books.tide-tables]").replace(
    "weight = 2", "weight = 2  # until spring"
)
NEW = "title,author,isbn,blurb\nSalt Hay,Ben Orr,0000000094,A farm below the tide.\n"


def plan(folder: Path, rows: str, books: str = COMMENTED, encoding: str = "utf-8") -> BooksImport:
    """What an import of these rows would do."""
    (folder / "books.csv").write_bytes(rows.encode(encoding))
    return plan_import(folder / "books.csv", write_books(folder, books))


def refused(folder: Path, rows: str, books: str = COMMENTED) -> list[str]:
    """Why an import of these rows is refused; nothing may be written."""
    with pytest.raises(BooksError) as wrong:
        plan(folder, rows, books)
    assert (folder / "books.toml").read_text() == books
    return [problem.removeprefix(f"{folder / 'books.csv'}: ") for problem in wrong.value.problems]


def test_a_new_book_comes_after_the_others_and_nothing_else_changes(tmp_path: Path) -> None:
    """Its ISBN-10 becomes the ISBN-13 it stands for; the name is made of its title."""
    planned = plan(tmp_path, NEW)
    assert (planned.new, planned.changed) == (("salt-hay",), ())
    assert planned.after == COMMENTED + (
        '\n[books.salt-hay]\ntitle  = "Salt Hay"\nauthor = "Ben Orr"\nisbn   = "9780000000095"\n'
        'blurb  = "A farm below the tide."\n'
    )
    added = [line for line in planned.difference if line.startswith(("+", "-")) and line[1:3] not in ("++", "--")]
    assert added == [
        "+",
        "+[books.salt-hay]",
        '+title  = "Salt Hay"',
        '+author = "Ben Orr"',
        '+isbn   = "9780000000095"',
        '+blurb  = "A farm below the tide."',
    ]


def test_a_known_book_changes_where_it_stands(tmp_path: Path) -> None:
    """Found by its name, its ISBN or its title; what the row does not say stays, comments too."""
    rows = (
        "slug;Title;ISBN;blurb;weight;topics;from\n"
        "tide-tables;;;;5;sea|tides;\n"
        ";;978-0-00-000021-7;A mason’s letters.;;;2026-12-01\n"
        ";The Long Shore;;;;walking;\n"
    )
    planned = plan(tmp_path, rows)
    assert (planned.new, planned.changed) == ((), ("tide-tables", "stone-letters", "long-shore"))
    expected = (
        COMMENTED.replace("weight = 2  # until spring", "weight = 5  # until spring")
        .replace('topics = ["sea"]', 'topics = ["sea", "tides"]')
        .replace('blurb  = "What a mason wrote home."', 'blurb  = "A mason’s letters."')
        .replace('not_with = ["obituary"]\n', 'not_with = ["obituary"]\nfrom   = 2026-12-01\n')
        .replace("until = 2026-12-24 }\n", 'until = 2026-12-24 }\ntopics = ["walking"]\n')
    )
    assert planned.after == expected


def test_written_it_is_read_again_and_a_second_import_changes_nothing(tmp_path: Path) -> None:
    """The file keeps its mode, and no other file is left behind."""
    planned = plan(tmp_path, NEW)
    planned.file.chmod(0o640)
    write_import(planned)
    assert planned.file.stat().st_mode & 0o777 == 0o640
    assert [book.slug for book in read_catalogue(planned.file).books][-1] == "salt-hay"
    again = plan_import(tmp_path / "books.csv", planned.file)
    assert (again.difference, again.new, again.changed) == ([], (), ())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["books.csv", "books.toml", "covers"]


def test_what_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    """An editor was faster."""
    planned = plan(tmp_path, NEW)
    write_books(tmp_path, COMMENTED + "# mine\n")
    with pytest.raises(BooksError, match="it has changed meanwhile"):
        write_import(planned)
    assert planned.file.read_text() == COMMENTED + "# mine\n"


def test_every_column_has_its_place(tmp_path: Path) -> None:
    """Editions by region, praise with its source, a pitch with its days, lists."""
    rows = (
        "title,author,isbn,isbn UK,asin_us,format,cover,blurb,Praise,praise by,topics,not with,weight,at most,pitch,"
        "pitch from,pitch until,published,only,until,shops\n"
        "Salt Hay,Ben Orr,,9780000000095,B0ABCD1234,Paperback,covers/tide.png,A farm.,Good.,Ana,sea; farms,obituary,3,"
        "5,Now!,2026-11-01,2026-12-24,2027-01-01,GB|US,2027-12-31,waterstones;blackwells\n"
    )
    planned = plan(tmp_path, rows)
    write_import(planned)
    book = read_catalogue(planned.file).books[-1]
    assert (book.isbn, book.asin, book.only) == ({"GB": "9780000000095"}, {"US": "B0ABCD1234"}, ("GB", "US"))
    assert (book.praise[0].text, book.praise[0].by) == ("Good.", "Ana")
    assert (book.topics, book.not_with, book.shops) == (("sea", "farms"), ("obituary",), ("waterstones", "blackwells"))
    assert (book.weight, book.at_most, str(book.published), str(book.until)) == (3, 5, "2027-01-01", "2027-12-31")
    assert book.pitch is not None
    assert (book.pitch.text, str(book.pitch.starts), str(book.pitch.ends)) == ("Now!", "2026-11-01", "2026-12-24")


def test_new_books_stand_before_what_follows_the_books(tmp_path: Path) -> None:
    """With the comments of what follows left to it."""
    tail = '\n# What else we say.\n[notices.reading]\ntitle = "R"\ntext = "T"\nurl = "https://fulmar.example/"\n'
    planned = plan(tmp_path, NEW, COMMENTED + tail)
    assert planned.after.endswith('blurb  = "A farm below the tide."\n' + tail)
    only_press = '# House.\n[press]\nname = "P" # short\n'
    assert plan(tmp_path, NEW, only_press).after.startswith(only_press + "\n[books.salt-hay]\n")


@pytest.mark.parametrize(
    ("rows", "problems"),
    [
        pytest.param(
            "title,author,isbn,blurb\nA,B,9780000000072,C\nD,E,0000000095,F\n",
            [
                'row 2, column "isbn": found "9780000000072": a digit is wrong: after 978000000007 the last',
                'row 3, column "isbn": found "0000000095": a digit is wrong: after 000000009 the last has to be 4',
            ],
            id="check digits",
        ),
        pytest.param(
            "slug,weight,until,shops\ntide-tables,heavy,soon,amazon\n",
            [
                'row 2, column "weight": found "heavy": it has to be a whole number',
                'row 2, column "until": found "soon": it has to be a date like 2026-11-20',
                'row 2, column "shops": found "amazon"; allowed: press, amazon-us',
            ],
            id="values",
        ),
        pytest.param(
            "slug,weight,only\ntide-tables,1000,Atlantis\n",
            [
                'row 2, column "weight": found 1000; allowed: a whole number from 1 to 100',
                'row 2, column "only": found "At',
            ],
            id="what books.toml would refuse",
        ),
        pytest.param(
            "title,isbn\nSalt Hay,9780000000095\n",
            ['row 2, column "author": found nothing, and it is needed', 'row 2, column "blurb": found nothing'],
            id="a new book that is not whole",
        ),
        pytest.param("slug,weight\na,1\na,2\n", ['row 3: "a" stands in row 2 already'], id="twice"),
        pytest.param("isbn,blurb\n9780000000095,F\n", ["row 2: a new book needs a title"], id="without a title"),
        pytest.param("slug,weight\na,1,2\n", ["row 2: it has 3 cells, and the first row 2"], id="too many cells"),
        pytest.param(
            "slug,praise\ntide-tables,\nhouse-book,Good.\n",
            ['row 3, column "praise by": found nothing'],
            id="praise by nobody",
        ),
    ],
)
def test_what_is_wrong_is_named_by_row_and_column(tmp_path: Path, rows: str, problems: list[str]) -> None:
    """All of it at once, and nothing is written."""
    found = refused(tmp_path, rows)
    for problem in problems:
        assert any(line.startswith(problem) for line in found), (problem, found)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("title,price\nA,3\n", 'there is no column "price"; there are: praise'),
        ("title,Title\nA,B\n", 'the column "Title" stands there twice'),
        ("author\nA\n", "its first row has to name the columns"),
        ("", "its first row has to name the columns"),
        ('title\n"A\n', "it is no CSV"),
        ("PK\x03\x04", "is a spreadsheet or an archive"),
    ],
)
def test_what_is_no_file_of_books_is_refused(tmp_path: Path, rows: str, sentence: str) -> None:
    """With what to do."""
    with pytest.raises(ImportFileError) as wrong:
        plan(tmp_path, rows)
    assert sentence in str(wrong.value)


def test_a_books_toml_that_is_wrong_is_mended_first(tmp_path: Path) -> None:
    """By its own lines."""
    (problem,) = refused(tmp_path, NEW, COMMENTED.replace("9780000000217", "9780000000218"))
    assert "books.stone-letters.isbn: found" in problem


def test_other_encodings_and_line_ends_are_read_and_kept(tmp_path: Path) -> None:
    """Excel writes Windows-1252 with semicolons; an editor on Windows ends lines with CR LF."""
    rows = "title;author;isbn;blurb\nCafé;Zoë;9780000000095;Crème.\n"
    planned = plan(tmp_path, rows, COMMENTED.replace("\n", "\r\n"), "cp1252")
    assert tomllib.loads(planned.after)["books"]["cafe"]["author"] == "Zoë"
    assert "\n" not in planned.after.replace("\r\n", "")
    assert plan(tmp_path, rows, encoding="utf-8-sig").new == ("cafe",)


def test_a_file_that_cannot_be_kept_is_left_alone(tmp_path: Path) -> None:
    """A book on one line can be changed; books on one line have no place for another, and a comment is never lost."""
    book = 'title = "A", author = "B", isbn = "9780000000071", blurb = "C"'
    inline = f'[press]\nname = "P"\n[books]\na = {{ {book} }} # one\n'
    planned = plan(tmp_path, "slug,weight\na,3\n", inline)
    assert planned.after == inline.replace('"C" }', '"C", weight = 3 }')
    (problem,) = refused(tmp_path, NEW, f'press.name = "P"\nbooks = {{ a = {{ {book} }} }}\n')
    assert "add these books by hand" in problem
    noted = COMMENTED.replace('topics = ["sea"]', 'topics = [\n  "sea", # salt\n]')
    (problem,) = refused(tmp_path, "slug,topics\ntide-tables,land\n", noted)
    assert "add these books by hand" in problem
    hashed = COMMENTED.replace("What a mason wrote home.", "The #1 of masons.")
    assert "Home." in plan(tmp_path, "slug,blurb\nstone-letters,Home.\n", hashed).after
    kept = plan(tmp_path, "slug,weight\ntide-tables,9\n", noted).after
    assert kept == noted.replace("weight = 2", "weight = 9")


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).map(
    lambda text: " ".join(text.split())
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=_TEXT, author=_TEXT, blurb=_TEXT)
def test_whatever_the_words_are_they_arrive(tmp_path: Path, title: str, author: str, blurb: str) -> None:
    """Quotes, backslashes, hashes, brackets: what stood in the cell stands in the book, and every comment stays."""
    if not (title and author and blurb):
        return
    cells = ",".join(
        '"' + cell.replace('"', '""') + '"' for cell in ("salt-hay", title, author, "9780000000095", blurb)
    )
    planned = plan(tmp_path, f"slug,title,author,isbn,blurb\n{cells}\n")
    made = tomllib.loads(planned.after)["books"]["salt-hay"]
    assert (made["title"], made["author"], made["blurb"]) == (title, author, blurb)
    assert "# The one that sells." in planned.after
