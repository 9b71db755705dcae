"""`imaging-hub import`: a USB stick, a folder or a ZIP of an old PACS, through the same door as a device."""

import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from core.access import EVERY_SITE
from core.errors import HubError
from core.limits import SEARCH_LIMIT
from core.origin import Origin, OriginKind
from database.tallies import IMPORTED, add_to_tally
from hub.file_taking import take_opened
from hub.import_account import ImportAccount
from hub.operator import operating_actor, operator
from hub.schema import require_current, require_made
from hub.settings import Settings
from hub.unread_studies import unread_studies
from hub.wiring import House, open_house
from storage.aside_records import AsideFilter
from storage.companion_files import belonging, files_beside, header_first, opener_of
from storage.file_taking import LeftOut, Taken
from storage.zip_files import Opener, zip_entries


def run_import(settings: Settings, sources: Sequence[Path], site_id: str, *, are_priors: bool = False) -> int:
    """Take everything in and tell what became of it.

    Where they `are_priors` they are no work: found and compared, but not on the reading list.

    Returns:
        The exit status: 0 where all that is DICOM or an ECG is in, 1 where there was none, or any of it
        failed or was kept aside until a person decides.
    """
    console = Console()
    require_made(settings)
    house = open_house(settings)
    require_current(settings, house.database)
    house.directory.site(site_id)
    kind = OriginKind.PRIOR if are_priors else OriginKind.IMPORT
    origin = Origin(kind=kind, site_id=site_id, source="import", brought_by=operator())
    account = ImportAccount()
    _take_all_in(house, origin, sources, account, console)
    account.waiting_before = _waiting(house, site_id, account.held_before)
    for line in account.lines():
        _tell(console, line)
    with house.database.write(within=EVERY_SITE) as connection:
        add_to_tally(
            connection, IMPORTED, {outcome.value: count for outcome, count in account.counts.items()}
        )
    for line in () if are_priors else unread_studies(house, site_id, account.new_in_studies):
        _tell(console, line)
    waits = account.what_waits(site_id, house.settings.data)
    if waits:
        _tell(console, waits)
    house.close()
    return account.status


def _take_all_in(
    house: House, origin: Origin, sources: Sequence[Path], account: ImportAccount, console: Console
) -> None:
    files = [
        (*file, beside) for source in sources for beside in (_beside(source),) for file in _files_of(source)
    ]
    with _progress(console) as progress:
        task = progress.add_task("Importing", total=len(files))
        known: dict[tuple[int, str], Taken] = {}
        for name, opened, beside in sorted(files, key=lambda file: header_first(file[0])):
            taken = known.get((id(beside), name)) or _take_in(house, origin, name, opened, beside)
            for other in belonging(name, beside, taken.companions):
                known[id(beside), other] = taken
            line = account.note(name, taken)
            if line:
                _tell(progress.console, line)
            progress.advance(task)


def _waiting(house: House, site_id: str, sop_instance_uids: set[str]) -> set[str]:
    """Return those of the UIDs under which something waits for a decision, in the site's room for it."""
    found: set[str] = set()
    for offset in range(0, house.settings.kept_aside_rows if sop_instance_uids else 0, SEARCH_LIMIT):
        wanted = AsideFilter(site_id=site_id, limit=SEARCH_LIMIT, offset=offset)
        listed = house.shelf.items(operating_actor(), wanted)
        found |= {kept.sop_instance_uid for kept in listed} & sop_instance_uids
        if len(listed) < SEARCH_LIMIT:
            break
    return found


def _tell(console: Console, line: str) -> None:
    """Print a line as one, however long: a terminal breaks it itself, and a program reads it whole."""
    console.print(line, markup=False, soft_wrap=True)


def _take_in(house: House, origin: Origin, name: str, opened: Opener, beside: Mapping[str, Opener]) -> Taken:
    try:
        return take_opened(house, origin, name, opened, beside)
    except (HubError, OSError, zipfile.BadZipFile) as error:
        return Taken(outcome=LeftOut.FAILED, detail=str(error) if isinstance(error, HubError) else "")


def _files_of(source: Path) -> list[tuple[str, Opener]]:
    return zip_entries(source) if zipfile.is_zipfile(source) else _plain_files(source)


def _beside(source: Path) -> dict[str, Opener]:
    """Return where the other files of a record are looked for: in its source, or beside it."""
    if not source.is_file() or zipfile.is_zipfile(source):
        return dict(_files_of(source))
    return files_beside(source, follow_links=False)


def _plain_files(source: Path) -> list[tuple[str, Opener]]:
    if source.is_file():
        return [(source.name, opener_of(source))]
    found: list[tuple[str, Opener]] = []
    for folder, subfolders, names in os.walk(source):
        subfolders.sort()
        for name in sorted(names):
            path = Path(folder) / name
            if path.is_file() and not path.is_symlink():
                found.append((str(path.relative_to(source)), opener_of(path)))
    return found


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,  # else it leaves an empty line
    )
