"""Which studies that came in nobody can read, and the commands by which somebody can."""

import shlex
from collections import Counter, defaultdict
from collections.abc import Iterator

from core.access import at_site
from hub.wiring import House
from storage.query import Query, UIDList
from worklist.coverage import Coverage
from worklist.modality import routed_modality
from worklist.readiness import ACCOMPANYING

_AT_ONCE = 500
_TOLD_AT_MOST = 5


def unread_studies(house: House, site_id: str, study_instance_uids: set[str]) -> Iterator[str]:
    """Say how many of these studies nobody can read, why, and what would help; nothing where all are read.

    The worker may not have opened their cases yet, so it goes by what the studies hold. A study of several
    modalities of which somebody reads one is left to the doctor, who looks at the cases.
    """
    coverage = Coverage.of(house.directory, house.accounts)
    reasons: Counter[str] = Counter()
    routes: defaultdict[str, set[str]] = defaultdict(set)
    for modalities in _modalities_of_each(house, site_id, study_instance_uids):
        if not any(scope.covers(site_id, modalities) for scope in coverage.scopes):
            reason = coverage.why_unread(site_id, modalities)
            reasons[reason] += 1
            routes[reason] |= {f"{site_id}:{modality}" for modality in modalities}
    data = f"--data {shlex.quote(str(house.settings.data))}"
    for reason, number in reasons.most_common(_TOLD_AT_MOST):
        commands = give_readers(routes[reason], data)
        yield f"Nobody can read {number} of the studies that came: {reason}. {commands}"


def give_readers(routes: set[str], data: str = "") -> str:
    """Return the commands that lead cases to a reading group, and give it readers."""
    named = " ".join(map(shlex.quote, sorted(routes)))
    end = f" {data}" if data else ""
    return (
        f"`imaging-hub admin group route GROUP {named}{end}` lets a reading group read them,"
        f" `imaging-hub admin user add NAME --role reader --group GROUP{end}` gives the group a reader."
    )


def _modalities_of_each(
    house: House, site_id: str, study_instance_uids: set[str]
) -> Iterator[frozenset[str]]:
    """Yield what each study is about: its modalities without those that only accompany, if it has others."""
    uids = sorted(study_instance_uids)
    for begin in range(0, len(uids), _AT_ONCE):
        query = Query(conditions={"StudyInstanceUID": UIDList(tuple(uids[begin : begin + _AT_ONCE]))})
        for study in house.archive.search_studies(query, visible_to=at_site(site_id)):
            held = frozenset(map(routed_modality, study.modalities_in_study))
            yield held - ACCOMPANYING or held
