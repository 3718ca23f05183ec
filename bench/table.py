"""The table: results as Markdown that a terminal shows as well."""

from collections.abc import Iterator, Sequence

from bench.audience import Audience
from bench.numbers import cpu_of, numbers, rate_of, spread
from bench.results import Figure, Measured, Results, figure
from bench.scenarios import SOURCE_SESSIONS, Scenario, Who

_NONE = "–"


def table(results: Results) -> str:
    """Everything, for people."""
    blocks = [
        _numbers(results),
        *(_sending(measured) for measured in results.measured.values()),
        _audiences(results.audiences),
        _composing(results),
        "\n".join(f"{who} did not take part: {why}" for who, why in results.missing.items()),
        "\n".join(f"BROKEN: {what}" for what in results.broken),
    ]
    return "\n\n".join(block for block in blocks if block)


def _numbers(results: Results) -> str:
    rows = [(number.what, number.bar, number.measured, number.verdict) for number in numbers(results)]
    return markdown(("number to reach", "bar", "measured", ""), rows)


def _sending(measured: Measured) -> str:
    reference: Who = "aiosmtplib sendmail" if measured.scenario.round_trip else "smtp-source"
    by = "OpenSSL's signatures" if measured.scenario.signed else reference
    heading = (f"{measured.scenario.title} ({measured.message_size:,} bytes)", "messages/s", f"÷ {by}", "CPU ms", "MB")
    return markdown(heading, [*_signatures(measured), *_runs(measured, reference)])


def _signatures(measured: Measured) -> Iterator[Sequence[str]]:
    for name, found in (
        ("OpenSSL, one core", figure([each.one_core for each in measured.signatures])),
        ("OpenSSL, the same cores", figure([each.all_cores for each in measured.signatures])),
    ):
        if found:
            yield name, _shown(found, ",.0f"), _NONE, _NONE, _NONE


def _runs(measured: Measured, reference: Who) -> Iterator[Sequence[str]]:
    for who in measured.scenario.who:
        rate, cpu = measured.figure(who, rate_of), measured.figure(who, cpu_of)
        if rate is None or cpu is None:
            continue
        signed = measured.scenario.signed
        ratio = measured.ratio_to_signatures(who) if signed else measured.ratio(who, reference, rate_of)
        memory = measured.figure(who, lambda run: (run.memory or 0) / 1e6)
        yield (
            _named(who, measured.scenario),
            _shown(rate, ",.0f" if rate.median >= 100 else ".1f"),
            _shown(ratio, ".2f") if ratio else _NONE,
            f"{cpu.median:.3f}",
            f"{memory.median:.0f}" if memory and memory.median else _NONE,
        )


def _named(who: Who, scenario: Scenario) -> str:
    names: dict[Who, str] = {
        "smtp-source": f"smtp-source ({SOURCE_SESSIONS} sessions)",
        "smtp-source, as many sessions": f"smtp-source ({scenario.connections} sessions)",
        "smtp-source, connections kept": f"smtp-source -d ({scenario.connections} connections, kept)",
        "aiosmtplib sendmail": "aiosmtplib sendmail" + (" + dkimpy" if scenario.signed else ""),
    }
    return names.get(who, who)


def _audiences(audiences: Sequence[Audience]) -> str:
    heading = (
        "readers (1 KB, 20 connections)", "planning s", "longest lock ms", "others wait ms", "sending s", "messages/s",
        "CPU ms", "MB",
    )  # fmt: skip
    rows = [
        (
            f"{each.readers:,}",
            f"{each.planning:.2f}",
            f"{each.longest_lock * 1000:.0f}",
            f"{each.longest_wait * 1000:.0f}",
            f"{each.sending.seconds:.1f}" if each.sending else _NONE,
            f"{each.sending.rate:,.0f}" if each.sending else _NONE,
            f"{each.sending.cpu_ms:.3f}" if each.sending else _NONE,
            f"{(each.sending.memory or 0) / 1e6:.0f}" if each.sending else _NONE,
        )
        for each in audiences
    ]
    return markdown(heading, rows) if rows else ""


def _composing(results: Results) -> str:
    if not results.composed:
        return ""
    names = ("compose", "render", "compile")
    parts = {name: figure([each.parts.get(name, 0.0) for each in results.composed]) for name in names}
    whole = figure([each.seconds for each in results.composed])
    size = results.composed[0].size
    cells = [_shown(found, ".3f") if found else _NONE for found in (whole, *parts.values())]
    return markdown((f"an issue of 25 posts ({size:,} bytes)", "s", *names), [("made once", *cells)])


def _shown(found: Figure, form: str) -> str:
    return f"{found.median:{form}}{spread(found, form)}"


def markdown(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, its columns as wide as they need to be; the first to the left, the others to the right."""
    lines = [heading, *rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(heading))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join("| " + " | ".join(_padded(line, widths)) + " |" for line in [heading, rule, *rows])


def _padded(line: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    for place, (cell, width) in enumerate(zip(line, widths, strict=True)):
        yield cell.rjust(width) if place else cell.ljust(width)
