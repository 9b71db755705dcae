"""Log lines: what they hold, and that no patient's data, secret or forged line gets into them."""

import errno
import json
import os
import pty
import subprocess
import sys
import textwrap
import tomllib
from datetime import UTC, datetime
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydicom import Dataset

from core.errors import InvalidInstance
from hub import logs

REPOSITORY = Path(__file__).resolve().parents[2]
CANARY = "CANARY^张伟"

PREAMBLE = f"""
import logging, sys, threading, warnings
import structlog
from core.errors import InvalidInstance
from hub.logs import configure
CANARY = {CANARY!r}
configure("gateway", level="DEBUG")
log = structlog.get_logger("storage.archive")
"""


def run(program: str) -> subprocess.CompletedProcess[str]:
    """Run a program whose log is configured as a process's of the hub."""
    source = PREAMBLE + textwrap.dedent(program)
    return subprocess.run(
        [sys.executable, "-c", source],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=REPOSITORY,
    )


def lines(program: str) -> list[dict[str, Any]]:
    finished = run(program)
    assert CANARY not in finished.stderr + finished.stdout
    assert "CANARY" not in finished.stderr + finished.stdout
    return [json.loads(line) for line in finished.stderr.splitlines()]


def test_a_line_says_when_how_serious_which_process_and_what() -> None:
    (line,) = lines('log.info("instance stored", sop_instance_uid="1.2.3", byte_count=7)')
    moment = datetime.fromisoformat(str(line.pop("at")))
    assert moment.tzinfo == UTC
    assert line == {
        "level": "info",
        "process": "gateway",
        "event": "instance stored",
        "sop_instance_uid": "1.2.3",
        "byte_count": 7,
    }


def test_a_patients_data_and_secrets_are_taken_out_and_marked() -> None:
    (line,) = lines("""
        log.warning(
            "refused", ae_title="US1", patient_name=CANARY, PatientID=CANARY, patient_birth_date=CANARY,
            data_set=CANARY, password=CANARY, session_token=CANARY, Authorization=CANARY, cookie=CANARY,
            headers={"Set-Cookie": CANARY, "Accept": "a"}, rows=[{"OtherPatientIDs": CANARY}],
        )
    """)
    assert line["ae_title"] == "US1"
    assert line["withheld"] == [
        "patient_name",
        "PatientID",
        "patient_birth_date",
        "data_set",
        "password",
        "session_token",
        "Authorization",
        "cookie",
    ]
    assert line["headers"] == {"Accept": "a", "withheld": ["Set-Cookie"]}
    assert line["rows"] == [{"withheld": ["OtherPatientIDs"]}]


def test_an_unexpected_error_shows_its_type_and_places_only() -> None:
    (line,) = lines("""
        def parse(value):
            return int(value)
        try:
            try:
                parse(CANARY)
            except ValueError as error:
                raise InvalidInstance("no SOP Instance UID") from error
        except InvalidInstance:
            log.exception("instance refused")
    """)
    error = line["error"]
    assert isinstance(error, dict)
    assert error["type"] == "core.errors.InvalidInstance"
    assert error["message"] == "no SOP Instance UID"
    assert error["cause"]["type"] == "builtins.ValueError"
    assert "message" not in error["cause"]
    assert [frame.split()[-1] for frame in error["cause"]["frames"]] == ["<module>", "parse"]


def test_an_error_that_nothing_caught_shows_no_message_either() -> None:
    (line,) = lines("raise OSError(28, CANARY, CANARY)")
    assert line["level"] == "critical"
    assert line["error"] == {
        "type": "builtins.OSError",
        "errno": "ENOSPC",
        "frames": ["<string>:9 <module>"],
    }


def test_nor_does_one_of_a_thread_or_one_that_cannot_be_raised() -> None:
    found = lines("""
        class Holder:
            def __del__(self):
                raise ValueError(CANARY)
        thread = threading.Thread(target=lambda: int(CANARY))
        thread.start()
        thread.join()
        Holder()
    """)
    assert [line["error"]["type"] for line in found] == ["builtins.ValueError"] * 2


def test_an_interrupted_process_says_nothing_of_an_error() -> None:
    assert lines("raise KeyboardInterrupt") == []


def test_what_a_library_says_is_shown_by_its_place_only() -> None:
    found = lines("""
        logging.getLogger("pydicom").warning("value %s is too long", CANARY)
        logging.getLogger("sqlalchemy.engine").error(f"INSERT {CANARY}")
        warnings.warn(f"Invalid value {CANARY}", UserWarning)
        logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    """)
    assert [(line.get("logger"), line["event"]) for line in found] == [
        ("pydicom", "a library said something; its text is withheld"),
        ("sqlalchemy.engine", "a library said something; its text is withheld"),
        (None, "a library warned; its text is withheld"),
        ("uvicorn.error", "Invalid HTTP request received."),
    ]
    assert all("<string>" in str(line["place"]) for line in found[:3])


def test_libraries_are_never_heard_below_warning() -> None:
    assert not lines("""
        for name in ("pynetdicom", "pydicom", "uvicorn.access", "sqlalchemy.engine", "alembic", "unknown"):
            logging.getLogger(name).setLevel(logging.DEBUG)
            logging.getLogger(name).debug("said")
            logging.getLogger(name).info("said")
    """)


def test_a_real_association_whose_library_was_set_to_debug_shows_no_data() -> None:
    found = lines("""
        from pydicom import Dataset
        from pydicom.uid import UltrasoundImageStorage as storage_class
        from pynetdicom import AE, evt
        logging.getLogger("pynetdicom").setLevel(logging.DEBUG)
        def received(event):
            log.info("received", patient=event.dataset, data=event.dataset)
            raise RuntimeError(event.dataset.PatientName)
        server = AE("HUB")
        server.add_supported_context(storage_class)
        handlers = [(evt.EVT_C_STORE, received)]
        listening = server.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
        dataset = Dataset()
        dataset.PatientName, dataset.PatientBirthDate = CANARY, "CANARY"
        dataset.SOPClassUID, dataset.SOPInstanceUID = storage_class, "1.2.3"
        dataset.SpecificCharacterSet = "ISO_IR 192"
        dataset.ensure_file_meta()
        dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2"
        client = AE("DEVICE")
        client.add_requested_context(storage_class, "1.2.840.10008.1.2")
        association = client.associate("127.0.0.1", listening.socket.getsockname()[1])
        status = association.send_c_store(dataset)
        association.release()
        listening.shutdown()
        log.info("answered", status=status.Status)
    """)
    events = [line["event"] for line in found]
    assert "received" in events
    assert found[-1]["status"] == 0xC211
    assert any(line.get("error", {}).get("type") == "builtins.RuntimeError" for line in found)


def test_a_line_that_cannot_be_written_loses_its_values() -> None:
    (line,) = lines('logging.getLogger("storage").warning("%d", CANARY)')
    assert line == {"event": "a log line was lost", "logger": "storage"}


def test_the_log_goes_on_when_nobody_reads_it_any_more() -> None:
    finished = run("""
        import os
        reader, writer = os.pipe()
        os.close(reader)
        os.dup2(writer, 2)
        for _ in range(3):
            log.info("said")
        print("still working", flush=True)
        os._exit(0)
    """)
    assert finished.stdout == "still working\n"


def test_text_from_outside_can_neither_forge_a_line_nor_steer_a_terminal() -> None:
    program = (
        PREAMBLE.replace('level="DEBUG"', 'style="console"')
        + "log.info('called', ae_title='A\\n\\x1b[2J{}\\u2028')"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=REPOSITORY,
    )
    assert finished.stderr.count("\n") == 1
    assert "\\n\\x1b[2J{}\\u2028" in finished.stderr
    assert "\x1b" not in finished.stderr


def test_on_a_terminal_the_lines_are_made_for_eyes() -> None:
    master, terminal = pty.openpty()
    try:
        program = PREAMBLE + "log.info('instance stored')"
        subprocess.run(
            [sys.executable, "-c", program], stderr=terminal, timeout=60, check=True, cwd=REPOSITORY
        )
        shown = os.read(master, 4096).decode()
    finally:
        os.close(master)
        os.close(terminal)
    assert "instance stored" in shown
    assert not shown.startswith("{")


class Colour(StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (2.5, 2.5),
        ("text", "text"),
        ("x" * 501, "x" * 500 + "…"),
        (Colour.RED, "red"),
        (ip_address("10.20.0.1"), "10.20.0.1"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (datetime(2026, 11, 21, tzinfo=UTC), "2026-11-21 00:00:00+00:00"),
        (InvalidInstance("too short"), "too short"),
        (ValueError(CANARY), "<ValueError>"),
        (b"CANARY", "<bytes>"),
        (Dataset(), "<Dataset>"),
        (("a", [1]), ["a", [1]]),
        (list(range(99)), list(range(50))),
        ([[[[[[1]]]]]], [[[[["<list>"]]]]]),
        ({"uid": "1.2", "patient": 1}, {"uid": "1.2", "withheld": ["patient"]}),
    ],
)
def test_a_value_is_shown_plain_bounded_or_by_its_type(value: object, shown: object) -> None:
    assert logs.plain(value) == shown


def test_a_group_of_errors_shows_each_and_a_long_chain_ends() -> None:
    chain: BaseException = OSError(errno.EIO, CANARY)
    for _ in range(20):
        following = ValueError(CANARY)
        following.__cause__ = chain
        chain = following
    described = logs.describe_error(ExceptionGroup(CANARY, [KeyError(CANARY), chain]))
    assert CANARY not in json.dumps(described, ensure_ascii=False)
    assert [each["type"] for each in described["group"]] == ["builtins.KeyError", "builtins.ValueError"]
    assert json.dumps(described).count('"cause"') == logs.DEPTH - 1


def test_every_room_writes_its_own_text() -> None:
    with (REPOSITORY / "pyproject.toml").open("rb") as file:
        rooms = tomllib.load(file)["tool"]["importlinter"]["root_packages"]
    assert set(rooms) - {"bench"} <= set(logs.ROOMS)  # what measures is no process of the hub
