"""`imaging-hub demo`: a demonstration clinic on this machine; with --once the whole journey unattended."""

import json
import os
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pynetdicom import AE
from rich.console import Console

from core.access import Grant, Role, Route
from core.clock import SystemClock
from core.errors import AlreadyRegistered, HubError, Misconfigured
from hub import logs
from hub.demo_journey import Journey
from hub.demo_studies import DemoStudy, demo_studies
from hub.serve import bring_up_to_date, leave_one_file, serving, settled
from hub.settings import Settings
from hub.supervisor import Supervisor
from hub.welcome import addresses
from hub.wiring import House, open_house
from registry.passwords import new_password

SITE = "demo-clinic"
GROUP = "demo-reading"
QUIET_SECONDS = 2
"""A demonstration need not wait a minute for a slow line."""
DEVICES = {"DEMO_US": "彩色超声", "DEMO_DR": "数字化摄影", "DEMO_ECG": "十二导联心电图机"}
LOOPBACK = ("127.0.0.0/8", "::1/128")
CREDENTIALS = "demo-credentials.json"


@dataclass(frozen=True, kw_only=True)
class _Person:
    role: Role
    display_name: str
    grant: Grant


PEOPLE = {
    "technician": _Person(
        role=Role.TECHNICIAN, display_name="演示技师", grant=Grant(role=Role.TECHNICIAN, site_id=SITE)
    ),
    "reader": _Person(
        role=Role.READER,
        display_name="演示阅片医师",
        grant=Grant(role=Role.READER, reading_group_id=GROUP),
    ),
    "clinic": _Person(
        role=Role.CLINIC, display_name="演示卫生院", grant=Grant(role=Role.CLINIC, site_id=SITE)
    ),
    "admin": _Person(role=Role.ADMIN, display_name="演示管理员", grant=Grant(role=Role.ADMIN)),
}

Credentials = dict[str, dict[str, str]]


def run_demo(settings: Settings, *, once: bool) -> int:
    """Serve a demonstration hub until stopped, or play the journey once; return the exit status.

    Raises:
        Misconfigured: ports, settings or a hub on the same directory do not allow it.
    """
    logs.configure("demo", level="WARNING" if once else settings.log_level, style=settings.log_format)
    console = Console(highlight=False, soft_wrap=True)
    with settled(settings) as settings:
        bring_up_to_date(settings)
        house = open_house(settings)
        require_demonstration(house)
        credentials = prepare(house)
        house.close()
        status, outcome = _run(settings, credentials, console, once=once)
        leave_one_file(settings)
    if once:
        return 0 if status == 0 and outcome else 1
    return status


def _run(settings: Settings, credentials: Credentials, console: Console, *, once: bool) -> tuple[int, bool]:
    """Serve, and act once all is ready; return the supervisor's status and whether the act was done whole."""
    act = _play if once else _present
    outcome: list[bool] = []

    def when_ready(ready: Settings) -> None:
        def run() -> None:
            try:
                outcome.append(act(ready, credentials, console))
            except HubError as error:
                if not supervisor.is_stopping:  # else the hub is going because somebody said so
                    console.print(f"The demonstration stopped: {error}", style="red", markup=False)
                    outcome.append(False)
            finally:
                if once and not supervisor.is_stopping:
                    supervisor.stop()

        threading.Thread(target=run, name="demo", daemon=True).start()

    quiet = settings.model_copy(update={"log_level": "WARNING"}) if once else settings
    with serving(quiet, when_ready=when_ready) as running:
        supervisor: Supervisor = running
        status = running.run()
    if once and status == 0 and not outcome:
        console.print("The demonstration was stopped before its end.", style="red")
    return status, outcome == [True]


def require_demonstration(house: House) -> None:
    """Refuse a hub that people work with. Raises Misconfigured."""
    if any(not account.username.startswith("demo-") for account in house.accounts.accounts()):
        house.close()
        raise Misconfigured(
            f"{house.settings.data} holds a hub with accounts of its own, and a demonstration would add"
            " log-ins whose passwords lie in a file. Name another directory with --data."
        )


def prepare(house: House) -> Credentials:
    """Register the demonstration's site, group, devices and people where they are not; return the log-ins."""
    directory = house.directory
    _unless_there(lambda: directory.add_site(SITE, "演示镇卫生院", quiet_seconds=QUIET_SECONDS))
    _unless_there(lambda: directory.add_reading_group(GROUP, "演示县医院影像诊断中心"))
    directory.add_route(Route(reading_group_id=GROUP, site_id=SITE, modality=None))
    for calling_ae_title, name in DEVICES.items():
        for network in LOOPBACK:
            _unless_there(
                partial(
                    directory.add_device,
                    site_id=SITE,
                    name=name,
                    calling_ae_title=calling_ae_title,
                    called_ae_title=house.settings.ae_title,
                    network=network,
                )
            )
    return _credentials(house, house.settings.data / CREDENTIALS)


def _credentials(house: House, path: Path) -> Credentials:
    """Reuse the log-ins of an earlier demonstration, or make new ones."""
    if path.exists():
        known: Credentials = json.loads(path.read_text(encoding="utf-8"))
        return known
    credentials: Credentials = {}
    for who, person in PEOPLE.items():
        username, password = f"demo-{who}", new_password()
        try:
            house.accounts.add(username, person.display_name, [person.grant], password=password)
        except AlreadyRegistered:
            # The file was lost, the account was not: nobody knows its password any more.
            house.accounts.set_password(username, password)
        token = house.accounts.add_token(username, "demonstration")
        credentials[who] = {"username": username, "password": password, "token": token}
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(credentials, file, ensure_ascii=False, indent=2)
    return credentials


def _unless_there(register: Callable[[], object]) -> None:
    try:
        register()
    except AlreadyRegistered:
        return


def _present(settings: Settings, credentials: Credentials, console: Console) -> bool:
    """Send the exams and say where to look."""
    for study in demo_studies(SystemClock().now()):
        send(settings, study)
        console.print(f"sent   {study.calling_ae_title:9} {study.title}", markup=False)
    console.print()
    for line in addresses(settings):
        console.print(line, markup=False)
    console.print(f"Log-ins (also in {settings.data / CREDENTIALS}):", markup=False)
    for who, login in credentials.items():
        console.print(f"  {who:10} {login['username']:15} {login['password']}", markup=False)
    console.print("Stop with Ctrl-C; `imaging-hub serve` with the same --data carries on.", markup=False)
    return True


def _play(settings: Settings, credentials: Credentials, console: Console) -> bool:
    """Play the whole journey; every step must really happen."""
    studies = demo_studies(SystemClock().now())
    journey = Journey(settings, credentials, console, steps=1 + 8 * len(studies))
    journey.step("the hub is ready", journey.hub_is_ready)
    for study in studies:
        journey.step(f"{study.calling_ae_title} sends the {study.title}", partial(send, settings, study))
    for study in studies:
        journey.read_and_report(study)
    journey.close()
    console.print("Every step of the journey happened.", style="green")
    return True


def send(settings: Settings, study: DemoStudy) -> str:
    """Send an exam through a real association, as its device would.

    Raises:
        HubError: the association or an instance was refused.
    """
    ae = AE(ae_title=study.calling_ae_title)
    for dataset in study.instances:
        ae.add_requested_context(dataset.SOPClassUID, dataset.file_meta.TransferSyntaxUID)
    association = ae.associate(settings.dicom_host, settings.dicom_port, ae_title=settings.ae_title)
    if not association.is_established:
        raise HubError(f"{study.calling_ae_title} was refused an association.")
    try:
        for dataset in study.instances:
            with warnings.catch_warnings():
                # The public files break small rules of their own; the hub keeps them as they are.
                warnings.simplefilter("ignore")
                status = association.send_c_store(dataset)
            if not status or status.Status != 0x0000:
                raise HubError(f"An instance of {study.calling_ae_title} was not answered Success.")
    finally:
        association.release()
    return f"{len(study.instances)} instances, Success"
