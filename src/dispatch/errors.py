"""What can go wrong, as one tree.

    DispatchError
    ├── ConfigurationError      the file is wrong; carries every problem found, not the first
    ├── StoreError
    │   ├── StoreTooNewError    made by a newer dispatch
    │   └── WrongAddressKeyError  made with another address_key: suppressions would not be recognised
    ├── CollectError            a source could not be read; carries the source's name
    ├── RenderError             a template or a post cannot be rendered; carries its name
    ├── NotFoundError           (LookupError) nothing by that name
    ├── AddressError            (ValueError) not a mail address we can send to
    ├── ScheduleError           (ValueError) not a schedule we understand
    ├── BooksError              books.toml is wrong; carries every problem found
    ├── PictureError            (ValueError) not a picture that a mail can show
    ├── ImportFileError         a CSV file cannot be read at all
    ├── RelayError              the relay cannot be used, or does not answer; trying later may help
    │   └── RelaySetupError     its TLS or its log-in is wrong: trying again does not help
    └── NothingToDoError        asked for work, and there is none (exit code 3)

Every message is a sentence that names the thing and says what to do. No message holds a secret.
"""


class DispatchError(Exception):
    """The parent of every error that dispatch raises on purpose."""


class ConfigurationError(DispatchError):
    """The configuration is wrong; `problems` holds one finished line for each fault found."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class StoreError(DispatchError):
    """The database cannot be used as it is."""


class StoreTooNewError(StoreError):
    """The database was made by a newer dispatch than this one."""


class WrongAddressKeyError(StoreError):
    """The database was made with another `store.address_key`, so no suppression would be recognised."""


class CollectError(DispatchError):
    """A source could not be read; `source` is its name in the configuration."""

    def __init__(self, source: str, message: str) -> None:
        self.source = source
        super().__init__(f"{source}: {message}")


class RenderError(DispatchError):
    """A template or a post cannot be rendered; `subject` names it."""

    def __init__(self, subject: str, message: str) -> None:
        self.subject = subject
        super().__init__(f"{subject}: {message}")


class NotFoundError(DispatchError, LookupError):
    """Nothing is known by that name."""


class AddressError(DispatchError, ValueError):
    """This is not a mail address that can be sent to; the message says why."""


class ScheduleError(DispatchError, ValueError):
    """This is not a schedule we understand; the message says what one looks like."""


class BooksError(DispatchError):
    """`books.toml` is wrong; `problems` holds one finished line for each fault found."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class PictureError(DispatchError, ValueError):
    """These bytes are not a picture that a mail can show; the message says why."""


class ImportFileError(DispatchError):
    """A CSV file cannot be read at all (single bad rows are reported, not raised)."""


class RelayError(DispatchError):
    """The relay cannot be used: it does not answer, refuses us, or is not configured; trying later may help."""


class RelaySetupError(RelayError):
    """The relay's TLS or our log-in is wrong: somebody has to change something before mail can leave."""


class NothingToDoError(DispatchError):
    """There is nothing to do; the command line answers with exit code 3."""
