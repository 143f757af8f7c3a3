"""Logs: one line an event, for people or for machines.

What is not printable is escaped: no value poses as another event, and none of them commands a terminal.
"""

import logging
import sys
from dataclasses import dataclass
from io import StringIO
from typing import TextIO

import structlog

from entrypoints.settings import Settings


def configure_logs(settings: Settings) -> None:
    """Set up the log of this process."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    shown: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if settings.logs_as_json
        # The default one prints local variables, and with them tokens.
        else [
            _escape,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_plain_traceback),
        ]
    )
    structlog.configure(
        processors=[*shared, *shown],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *shown],
        ),
    )
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)


@dataclass(frozen=True, slots=True, repr=False)
class _Escaped:
    """Text that the console shows in quotes, with an escape for what is not printable."""

    text: str

    def __repr__(self) -> str:
        return repr(self.text)


def _escape(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Have everything that is not printable escaped: controls, line and paragraph separators, bidirectional marks."""
    for name, value in event.items():
        if isinstance(value, str) and not value.isprintable():
            event[name] = _printable(value) if name == "event" else _Escaped(value)
    return event


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


def _plain_traceback(out: TextIO, exc_info: structlog.typing.ExcInfo) -> None:
    written = StringIO()
    structlog.dev.plain_traceback(written, exc_info)
    out.write("\n".join(map(_printable, written.getvalue().split("\n"))))
