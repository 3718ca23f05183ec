"""Many rows as one JSON parameter, on both databases.

A statement that names its rows this way is the same text for one row as for a thousand: it is put together once, and
runs through the driver in one step, where a statement for each row would cost a hop between threads for each.
"""

import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from dispatch.store.tables import Id


def ids(dialect: str, parameter: str) -> sa.Select[tuple[int]]:
    """The numbers of a JSON array, to be used after IN."""
    array = sa.bindparam(parameter, type_=sa.Text)
    if dialect == "sqlite":
        return sa.select(sa.func.json_each(array).table_valued("value").c.value)
    # By its own name: a column of the statement around it would be found before an alias of the function.
    numbers = sa.func.json_array_elements_text(sa.cast(array, sa.JSON)).table_valued("value")
    return sa.select(sa.cast(numbers.c.value, Id))


def rows(dialect: str, parameter: str, *columns: sa.ColumnClause[Any]) -> sa.FromClause:
    """The objects of a JSON array as a table with these columns."""
    array = sa.bindparam(parameter, type_=sa.Text)
    if dialect == "sqlite":
        each = sa.func.json_each(array).table_valued("value")
        values = [
            sa.func.json_extract(each.c.value, f"$.{column.name}", type_=column.type).label(column.name)
            for column in columns
        ]
        return sa.select(*values).subquery("given")
    records = sa.func.json_to_recordset(sa.cast(array, sa.JSON))
    return records.table_valued(*columns, name="given").render_derived(name="given", with_types=True)


def dumped(values: Iterable[object]) -> str:
    """What such a parameter is given."""
    return json.dumps(list(values), separators=(",", ":"))
