"""The folder of templates: ours, and over it, file by file, the operator's."""

import re
import textwrap
import tomllib
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from types import SimpleNamespace

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    pass_eval_context,
)
from jinja2.nodes import EvalContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from dispatch.errors import RenderError
from dispatch.rendering.prose import NO_BREAK, keep_last_words_together
from dispatch.rendering.words import FALLBACK, Word, counted, language_of, put_in, words_from

COLUMNS = 72

# What not every page has, so that a block can ask for it wherever it stands; a page's own value wins.
_UNLESS_SAID: Mapping[str, object] = {
    "date": "",
    "web_url": "",  # the issue as a page of its own
    "most_sent": (),  # posts that readers sent most since the last issue
    "logo": None,
}

# Everything that an expression of a template can raise; a fault of ours elsewhere is not among its callers.
_TEMPLATE_FAULTS = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    OSError,
)


@dataclass(frozen=True, slots=True)
class TemplateFolder:
    """Templates ready to be rendered; open one with `open_templates`."""

    environment: ImmutableSandboxedEnvironment
    labels: Mapping[str, Mapping[str, Word]] = field(default_factory=dict)

    def fill(self, name: str, page: Mapping[str, object]) -> str:
        """One template with a page's values; raises RenderError with the template's name and line."""
        try:
            return self.environment.get_template(name).render(page)
        except _TEMPLATE_FAULTS as error:
            raise _explained(error, name) from error

    def words(self, language: str) -> SimpleNamespace:
        """The words of a language ("en-US" over "en" over English, where one says nothing); raises RenderError.

        Labels of the configuration go over those of their own language.
        """
        exact = language.replace("_", "-")
        names = dict.fromkeys((FALLBACK, language_of(language), exact))
        sources = [source for name in names for source in self._all_sources(f"words/{name}.toml")]
        labels = [self.labels[name] for name in dict.fromkeys((language_of(language), exact)) if name in self.labels]
        try:
            return words_from(sources, labels)
        except tomllib.TOMLDecodeError as error:
            raise RenderError(f"words/{exact}.toml", f"this is not TOML: {error}") from error

    def languages(self) -> frozenset[str]:
        """The languages that there are words for, by files or by labels: "en", "de"."""
        return frozenset(language_of(Path(name).stem) for name in (*self.names("words/*.toml"), *self.labels))

    def names(self, pattern: str) -> list[str]:
        """The files whose names are like "pages/*.css.j2", in the order of the alphabet."""
        return self.environment.list_templates(filter_func=lambda name: fnmatchcase(name, pattern))

    def _all_sources(self, name: str) -> list[str]:
        """The file as shipped, then the operator's; a word that the operator leaves out is ours."""
        found = []
        for candidate in (f"shipped/{name}", name):
            try:
                source, _, _ = self.environment.loader.get_source(self.environment, candidate)  # type: ignore[union-attr]
            except TemplateNotFound:
                continue
            except UnicodeDecodeError as error:
                raise RenderError(name, "this file is not UTF-8; save it as UTF-8") from error
            found.append(source)
        return found


def open_templates(own: Path | None = None, labels: Mapping[str, Mapping[str, Word]] | None = None) -> TemplateFolder:
    """The shipped templates, with those of the folder `own` before them (`look.templates`), and words over ours.

    `labels` has words by language and name (`look.labels`). A template of ours stays reachable as "shipped/NAME", so
    that an operator's file can extend the one it replaces. Raises RenderError where folder or label do not exist.
    """
    shipped = _shipped_loader()
    loaders: list[BaseLoader] = [shipped, PrefixLoader({"shipped": shipped})]
    if own is not None:
        if not own.is_dir():
            raise RenderError(str(own), "there is no such folder; look.templates has to name one")
        loaders.insert(0, FileSystemLoader(own))
    environment = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader(loaders),
        autoescape=lambda name: bool(name) and str(name).endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=True,
    )
    environment.globals.pop("lipsum", None)
    environment.filters |= {
        "wrap": _wrapped,
        "together": _together,
        "unbroken": _unbroken,
        "alone": _alone,
        "put": _put,
        "counted": counted,
    }
    environment.globals |= _UNLESS_SAID
    folder = TemplateFolder(environment, labels or {})
    _refuse_unknown_labels(folder)
    return folder


def shipped_folder() -> Path:
    """Where our own templates are: in the installed package, or at the top of a checkout."""
    packaged = Path(__file__).parents[1] / "templates" / "email"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "templates" / "email"


def _shipped_loader() -> BaseLoader:
    """The templates of mail by their names, those of web pages beside them as "pages/NAME"."""
    email = shipped_folder()
    return ChoiceLoader([FileSystemLoader(email), PrefixLoader({"pages": FileSystemLoader(email.parent / "pages")})])


def _refuse_unknown_labels(folder: TemplateFolder) -> None:
    known = vars(TemplateFolder(folder.environment).words(FALLBACK))
    for language, labels in folder.labels.items():
        for name in labels:
            if name not in known:
                raise RenderError(f"look.labels.{language}.{name}", "there is no such word; words/en.toml has them all")


def _wrapped(text: str, before: str = "", after_first: str | None = None) -> str:
    """Text in lines of at most 72 characters: `before` opens the first, `after_first` (else the same) the others."""
    following = before if after_first is None else after_first
    lines: list[str] = []
    for line in str(text).split("\n") or [""]:
        filled = textwrap.fill(
            line,
            COLUMNS,
            initial_indent=following if lines else before,
            subsequent_indent=following,
            break_long_words=False,
            break_on_hyphens=False,
        )
        lines.append(filled or following.rstrip())
    return "\n".join(lines)


def _together(text: str) -> str:
    """A title whose short last word never stands on a line alone."""
    tied = keep_last_words_together(str(text))
    return Markup(tied) if isinstance(text, Markup) else tied  # noqa: S704 - it was markup before


def _unbroken(text: str) -> str:
    """Words that stay on one line: a number with its unit, a link of two words."""
    tied = str(text).replace(" ", NO_BREAK)
    return Markup(tied) if isinstance(text, Markup) else tied  # noqa: S704 - it was markup before


def _alone(text: str, value: str) -> str:
    """A sentence of the text part with one value on a line of its own: nobody knows how long a blank will be."""
    return re.sub(rf"\s*({re.escape(value)}[.,:;!?]*)\s*", r"\n\1\n", str(text)).strip("\n")


@pass_eval_context
def _put(context: EvalContext, text: str, **values: object) -> str:
    """A sentence of words/*.toml with its {names} replaced, escaped where the template escapes."""
    if not context.autoescape:
        return put_in(str(text), values)
    shown = {name: str(escape(value)) for name, value in values.items()}
    return Markup(put_in(str(escape(text)), shown))  # noqa: S704 - both were escaped


def _explained(error: Exception, name: str) -> RenderError:
    """The error with the template's name and line, the innermost one if templates include one another."""
    if isinstance(error, TemplateSyntaxError):
        return RenderError(f"{error.name or name}, line {error.lineno}", str(error.message))
    if isinstance(error, TemplateNotFound):
        return RenderError(name, f'there is no template "{error.name}" in the folder of templates')
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.endswith(".j2"):
            path = Path(frame.filename)
            return RenderError(f"{path.parent.name}/{path.name}, line {frame.lineno}", _said(error))
    return RenderError(name, _said(error))


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
