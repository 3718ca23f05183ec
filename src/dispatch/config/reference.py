"""config.example.toml and docs/configuration.md, written from the model, so that they cannot say anything else.

python -m dispatch.config.reference example > config.example.toml
python -m dispatch.config.reference docs > docs/configuration.md
"""

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic.fields import FieldInfo

from dispatch.config.durations import Rate, format_duration, format_rate
from dispatch.config.settings import Section, Settings
from dispatch.config.shape import keys_of, kind_of, section_of, tables_of, unwrapped
from dispatch.config.unbuilt import UNBUILT
from dispatch.config.wording import allowed

UNSET = "(unset) "
_COMMENT_COLUMN = 46
_ADDRESS_OF_THE_SOURCE = "sources.site.url"  # it has no default, and the kind of source in the example needs it

_EXAMPLE_HEAD = """\
# The configuration of dispatch: every key there is. `dispatch init` writes a short one; take from here what you need.
#
# A key without a "#" is needed: put your own value there. A "#key" is optional and shows its default; where it says
# (unset) there is none, and the value is an example. Paths are relative to the folder of this file. Secrets stand in
# files or in the environment ("file:PATH", "env:NAME"), never here. docs/configuration.md says what may be written.
"""

_DOCS_HEAD = """\
# Configuration

One TOML file says everything. `dispatch init https://your.site` writes it with what your site says about itself,
`dispatch check` says what is wrong with it, with file, line and key. It is looked for at `--config PATH`, in
`$DISPATCH_CONFIG`, as `./config.toml` and as `/etc/dispatch/config.toml`; the first that is there is used.

- **Paths** are relative to the folder of the file.
- **Secrets** are named, never written: `env:NAME` is an environment variable, `file:PATH` a file (the newline at its
  end does not count).
- **Unknown keys** are errors, and all errors are said at once.
- `NAME` in a header is a name of your own choice: small letters, digits and hyphens.

`config.example.toml` has every key with its default. This page is made from the same source:
`python -m dispatch.config.reference docs > docs/configuration.md`.
"""

_DOCS_UNBUILT = """\
## What is not built yet

These may be written already. `dispatch check` and every start say so, and what happens instead; where going on would
do harm, the configuration is refused.

| Key | Values | What happens |
| --- | --- | --- |
"""


def example() -> str:
    """The text of config.example.toml."""
    lines = [_EXAMPLE_HEAD]
    for key, field in keys_of(Settings).items():
        lines += _example_of(field, key, optional=False)
    return "\n".join(lines) + "\n"


def docs() -> str:
    """The text of docs/configuration.md."""
    lines = [_DOCS_HEAD]
    for header, section in _all_tables(Settings, ""):
        lines += [f"## [{header}]\n", f"{_sentence(section)}\n", "| Key | Allowed | Default | Meaning |"]
        lines += ["| --- | --- | --- | --- |", *_rows(section), ""]
    lines += [_DOCS_UNBUILT.rstrip("\n"), *map(_unbuilt_row, range(len(UNBUILT)))]
    return "\n".join(lines) + "\n"


def _example_of(field: FieldInfo, header: str, *, optional: bool) -> Iterator[str]:
    """A table with everything in it; one that may be left out and needs keys of its own is commented out whole."""
    bare, _ = unwrapped(kind_of(field))
    if get_origin(bare) is dict:
        header = f"{header}.{(field.examples or ['name'])[0]}"
        bare = get_args(bare)[-1]
    section = section_of(bare)
    if section is None:
        raise TypeError(f"{header} is not a table")
    yield f"# {_sentence(section)}"
    yield f"{'#' if optional else ''}[{header}]"
    values = {key: inner for key, inner in keys_of(section).items() if not _is_table(inner)}
    yield from (_example_line(header, key, inner, optional=optional) for key, inner in values.items())
    yield ""
    for key, inner in keys_of(section).items():
        if _is_table(inner):
            yield from _example_of(inner, f"{header}.{key}", optional=optional or inner.default is None)


def _example_line(header: str, key: str, field: FieldInfo, *, optional: bool) -> str:
    unset = not field.is_required() and field.default is None
    value = (field.examples or [None])[0] if unset or field.is_required() else field.default
    written = (field.is_required() and not optional) or f"{header}.{key}" == _ADDRESS_OF_THE_SOURCE
    line = f"{'' if written else '#'}{key} = {_toml(value)}"
    return f"{line.ljust(_COMMENT_COLUMN)} # {UNSET if unset else ''}{field.description}"


def _is_table(field: FieldInfo) -> bool:
    bare, _ = unwrapped(kind_of(field))
    return section_of(get_args(bare)[-1] if get_origin(bare) is dict else bare) is not None


def _all_tables(section: type[Section], prefix: str) -> Iterator[tuple[str, type[Section]]]:
    for header, table in tables_of(section, prefix):
        yield header, table
        yield from _all_tables(table, f"{header}.")


def _rows(section: type[Section]) -> Iterator[str]:
    for key, field in keys_of(section).items():
        if _is_table(field):
            continue
        yield _row(f"`{key}`", allowed(kind_of(field)), _default(field), field.description or "")


def _default(field: FieldInfo) -> str:
    if not field.is_required() and field.default is not None:
        return f"`{_toml(field.default)}`"
    return f"{'needed' if field.is_required() else 'unset'}; for example `{_toml((field.examples or [''])[0])}`"


def _unbuilt_row(number: int) -> str:
    part = UNBUILT[number]
    key = ".".join("NAME" if name == "*" else name for name in part.path)
    values = ", ".join(f'`"{value}"`' for value in part.values or ()) or "any"
    return _row(f"`{key}`", values, f"{'refused: ' if part.refused else ''}{part.instead}")


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _sentence(section: type[Section]) -> str:
    return (section.__doc__ or "").strip().partition("\n")[0]


def _toml(value: Any) -> str:
    """A value as it is written in the file."""
    if isinstance(value, timedelta):
        value = format_duration(value)
    if isinstance(value, Rate):
        value = format_rate(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        pairs = ", ".join(f"{json.dumps(key)} = {_toml(inner)}" for key, inner in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)


def main(arguments: list[str]) -> int:
    """Write one of the two texts to standard output."""
    texts = {"example": example, "docs": docs}
    if len(arguments) != 1 or arguments[0] not in texts:
        sys.stderr.write("which one: example or docs?\n")
        return 2
    sys.stdout.write(texts[arguments[0]]())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
