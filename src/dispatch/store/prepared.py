"""A statement that is put together once and then handed to the driver as it is.

SQLAlchemy finds a statement it has compiled before by walking through it again, which costs more than these statements
take to run. They are what every message is paid with (bench/README.md has the figures); all others go the usual way.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.engine import Connection, CursorResult, Dialect
from sqlalchemy.sql.dml import UpdateBase


class Prepared:
    """A statement of Core, compiled at its first use on each kind of database."""

    def __init__(self, make: Callable[[str], UpdateBase]) -> None:
        """`make` builds the statement for a dialect's name; what changes from run to run are its named parameters."""
        self._make = make
        self._compiled: dict[str, _Compiled] = {}

    def run(self, connection: Connection, **values: object) -> CursorResult[Any]:
        """Run it with these parameters, inside the transaction of `connection`."""
        dialect = connection.dialect
        if dialect.name not in self._compiled:
            self._compiled[dialect.name] = _Compiled(self._make(dialect.name), dialect)
        compiled = self._compiled[dialect.name]
        return connection.exec_driver_sql(compiled.text, compiled.parameters(values))


class _Compiled:
    """What the driver is given: the text, and how its parameters are written."""

    def __init__(self, statement: UpdateBase, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self._order = compiled.positiontup
        self._fixed = dict(compiled.params)
        self._writers = {
            name: writer
            for name, parameter in compiled.binds.items()
            if (writer := parameter.type.dialect_impl(dialect).bind_processor(dialect)) is not None
        }

    def parameters(self, values: Mapping[str, object]) -> tuple[object, ...] | dict[str, object]:
        given = {name: self._writers[name](value) if name in self._writers else value for name, value in values.items()}
        every = {**self._fixed, **given}
        return tuple([every[name] for name in self._order]) if self._order is not None else every
