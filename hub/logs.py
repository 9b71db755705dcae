"""What the hub writes about itself: one line per event on standard error, without patient data.

Lines are JSON, or made for eyes on a terminal. Keys that would name a patient or hold a secret are taken out
and marked; values other than plain ones show their type only, so that no data set is ever printed; an
unexpected error shows its type and where it was raised, never its message nor a value, since libraries quote
data in theirs. What other libraries say is kept from WARNING on, most of it without its text.
"""

import errno
import json
import logging
import re
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Mapping, MutableMapping
from datetime import UTC, date, datetime
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import Any, Final, Literal, TextIO
from uuid import UUID

import structlog
from structlog.stdlib import ProcessorFormatter

from core.errors import HubError

ROOMS: Final = (
    "core",
    "database",
    "registry",
    "storage",
    "ecg",
    "imaging",
    "worklist",
    "renditions",
    "reporting",
    "pacs_gateway",
    "viewer_api",
    "hub",
    "__main__",
)
"""Loggers whose text we wrote ourselves; their level is the setting's."""

TEXT_IS_FIXED: Final = ("uvicorn", "alembic")
"""Libraries whose messages quote no data; any other is shown by the place in its source."""

NEVER_BELOW_WARNING: Final = ("pydicom", "pynetdicom", "uvicorn", "sqlalchemy", "alembic", "asyncio")
"""pynetdicom and pydicom print whole data sets at DEBUG."""

WITHHELD_KEYS: Final = re.compile(
    "patient|birth|dataset|password|passwd|passphrase|secret|token|authorization|cookie|credential"
)
CONTROL_CHARACTERS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
TEXT_LENGTH: Final = 500
ITEMS: Final = 50
DEPTH: Final = 5
FRAMES: Final = 15

_Event = MutableMapping[str, Any]


def configure(
    process: str, *, level: str = "INFO", style: Literal["auto", "json", "console"] = "auto"
) -> None:
    """Write this process's log to standard error; `process` is gateway, api, worker or supervisor.

    Also takes over what Python prints by itself: warnings and errors that nothing caught. A server library
    must be told to leave logging alone (uvicorn: `log_config=None, access_log=False`).
    """
    handler = _Handler(sys.stderr)
    handler.setFormatter(_formatter(process, style))
    root = logging.getLogger()
    for earlier in [each for each in root.handlers if isinstance(each, _Handler)]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for name in ROOMS:
        logging.getLogger(name).setLevel(level)
    for name in NEVER_BELOW_WARNING:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    _take_over_what_python_prints()


class _Handler(logging.StreamHandler[TextIO]):
    """Writes lines; what is not ours only from WARNING on, whatever level a library gave itself."""

    def filter(self, record: logging.LogRecord) -> bool:
        return _belongs(record.name, ROOMS) or record.levelno >= logging.WARNING

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say that a line was lost; the default would print the values that it was made of."""
        try:
            self.stream.write(
                json.dumps({"event": "a log line was lost", "logger": clean(record.name)}) + "\n"
            )
        except OSError:
            return  # nobody reads standard error any more; the work goes on


def _formatter(process: str, style: str) -> ProcessorFormatter:
    on_terminal = sys.stderr.isatty()
    renderer: Callable[..., Any] = structlog.processors.JSONRenderer(ensure_ascii=False)
    if style == "console" or (style == "auto" and on_terminal):
        renderer = structlog.dev.ConsoleRenderer(colors=on_terminal, timestamp_key="at", sort_keys=False)

    def describe(_logger: object, _method: str, event: _Event) -> _Event:
        return {**_head(event, process), **_body(event)}

    return ProcessorFormatter(processors=[describe, renderer])


def _head(event: _Event, process: str) -> dict[str, Any]:
    record: logging.LogRecord = event["_record"]
    head = {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "process": process,
        "event": clean(str(event["event"]).strip()),
    }
    if not _belongs(record.name, ROOMS):
        head["logger"] = record.name
        if not _belongs(record.name, TEXT_IS_FIXED):
            head["event"] = "a library said something; its text is withheld"
            head["place"] = _place(record.pathname, record.lineno, record.funcName or "")
    return head


def _body(event: _Event) -> dict[str, Any]:
    fields = {
        key: value for key, value in event.items() if key not in ("event", "_record", "_from_structlog")
    }
    caught = fields.pop("exc_info", None)
    body = without_withheld(fields)
    if error := _error_of(caught):
        body["error"] = describe_error(error)
    return body


def without_withheld(fields: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """Return the fields that may be logged; `withheld` names those that were taken out."""
    kept: dict[str, Any] = {}
    withheld = []
    for key, value in fields.items():
        name = clean(str(key))
        if WITHHELD_KEYS.search(re.sub("[^a-z]", "", name.lower())):
            withheld.append(name)
        else:
            kept[name] = plain(value, depth + 1)
    return {**kept, "withheld": withheld} if withheld else kept


def plain(value: object, depth: int = 0) -> Any:
    """Return a value as it may be logged: plain ones bounded, anything else by its type only."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Enum):
        return plain(value.value, depth)
    if isinstance(value, str):
        return clean(value)
    if isinstance(
        value, date | UUID | Path | IPv4Address | IPv6Address | IPv4Network | IPv6Network | HubError
    ):
        return clean(str(value))
    if depth < DEPTH and isinstance(value, dict):
        return without_withheld(dict(list(value.items())[:ITEMS]), depth)
    if depth < DEPTH and isinstance(value, list | tuple | set | frozenset):
        return [plain(item, depth + 1) for item in list(value)[:ITEMS]]
    return f"<{type(value).__name__}>"


def clean(text: str) -> str:
    """Return text that can neither forge a line nor steer a terminal, cut to a bearable length."""
    shown = CONTROL_CHARACTERS.sub(lambda match: repr(match[0])[1:-1], str(text)[: TEXT_LENGTH + 1])
    return shown if len(shown) <= TEXT_LENGTH else shown[:TEXT_LENGTH] + "…"


def describe_error(error: BaseException, depth: int = 0) -> dict[str, Any]:
    """Return an error's type and places; its message only where the hub itself wrote it."""
    shown: dict[str, Any] = {"type": f"{type(error).__module__}.{type(error).__qualname__}"}
    if isinstance(error, HubError):
        shown["message"] = clean(str(error))
    if isinstance(error, OSError) and error.errno is not None:
        shown["errno"] = errno.errorcode.get(error.errno, str(error.errno))
    frames = [
        _place(frame.f_code.co_filename, line, frame.f_code.co_name)
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    shown["frames"] = frames[-FRAMES:]
    if depth < DEPTH:
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if cause is not None:
            shown["cause"] = describe_error(cause, depth + 1)
        if isinstance(error, BaseExceptionGroup):
            shown["group"] = [describe_error(each, depth + 1) for each in error.exceptions[:DEPTH]]
    return shown


def _error_of(caught: object) -> BaseException | None:
    """Read what the logging calls take as `exc_info`."""
    if isinstance(caught, BaseException):
        return caught
    if isinstance(caught, tuple):
        return caught[1] if isinstance(caught[1], BaseException) else None
    return sys.exc_info()[1] if caught else None


def _place(filename: str, line: int | None, function: str) -> str:
    return clean(f"{'/'.join(Path(filename).parts[-2:])}:{line} {function}".strip())


def _belongs(logger: str, families: tuple[str, ...]) -> bool:
    return logger.partition(".")[0] in families


def _take_over_what_python_prints() -> None:
    """Send warnings and uncaught errors through the log: Python would print messages that quote data."""
    log = structlog.stdlib.get_logger("hub.logs")

    def warned(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        del message, file, line
        log.warning(
            "a library warned; its text is withheld",
            category=category.__name__,
            place=_place(filename, lineno, ""),
        )

    def ended(_kind: type[BaseException], error: BaseException, _trace: object) -> None:
        if not isinstance(error, KeyboardInterrupt):
            log.critical("the process ended by an unexpected error", exc_info=error)

    def thread_ended(caught: threading.ExceptHookArgs) -> None:
        if not isinstance(caught.exc_value, SystemExit):
            log.error("a thread ended by an unexpected error", exc_info=caught.exc_value)

    def unraisable(caught: Any) -> None:
        log.error("an error where none can be raised", exc_info=caught.exc_value)

    warnings.showwarning = warned
    sys.excepthook = ended
    threading.excepthook = thread_ended
    sys.unraisablehook = unraisable
