"""Gathers what the reading list's page shows: open cases, newest reports, and where to look at each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from core.access import Act, Actor, Scope
from ecg.storage_classes import ELECTROCARDIOGRAMS
from imaging.intent import is_for_processing
from registry.directory import DEFAULT_TIME_ZONE, Site
from reporting.inbox_filter import InboxFilter
from reporting.report import Report
from storage.instance import Instance
from storage.query import Query, UIDList
from viewer_api.page_lines import (
    AlarmOnPage,
    CaseOnPage,
    Look,
    ReportOnPage,
    alarm_on_page,
    case_on_page,
    report_on_page,
)
from viewer_api.rooms import Rooms
from viewer_api.worklist_schemas import ecg_sheet_path, instance_path, study_path
from worklist.case import Case
from worklist.reading_list import ListFilter

CASES_SHOWN: Final = 100
REPORTS_SHOWN: Final = 30
ALARMS_SHOWN: Final = 20
INSTANCES_LOOKED_AT: Final = 8
"""An image to show is nearly always among the first few; a page must not read thousands of rows for one."""


@dataclass(frozen=True, kw_only=True)
class ReadingListPage:
    """All that the template needs."""

    display_name: str
    shown_at: str
    time_zone: str
    cases: tuple[CaseOnPage, ...]
    has_more_cases: bool
    alarms: tuple[AlarmOnPage, ...]
    """What cannot wait at the sites that the actor administers."""
    unread_cases: int
    """How many open cases nobody can read there."""
    reports: tuple[ReportOnPage, ...]


def reading_list_page(rooms: Rooms, actor: Actor) -> ReadingListPage:
    """Return what this actor sees at this moment."""
    now = rooms.clock.now()
    sites = {site.site_id: site for site in rooms.directory.sites()}
    time_zone = _own_time_zone(actor, sites)
    cases = _open_cases(rooms, actor)
    return ReadingListPage(
        display_name=actor.display_name,
        shown_at=now.astimezone(ZoneInfo(time_zone)).strftime("%Y-%m-%d %H:%M"),
        time_zone=time_zone,
        cases=tuple(_case(rooms, actor, case, sites[case.site_id], now) for case in cases[:CASES_SHOWN]),
        has_more_cases=len(cases) > CASES_SHOWN,
        alarms=_alarms(rooms, actor, sites),
        unread_cases=_unread_cases(rooms, actor),
        reports=tuple(
            report_on_page(report, now=now, look=_look(rooms, report))
            for report in rooms.inbox.reports(actor, InboxFilter(limit=REPORTS_SHOWN))
        ),
    )


def _alarms(rooms: Rooms, actor: Actor, sites: Mapping[str, Site]) -> tuple[AlarmOnPage, ...]:
    scope = actor.scope(Act.ADMINISTER)
    found = [] if scope.is_empty else rooms.shelf.alarms(scope)
    return tuple(alarm_on_page(alarm, sites[alarm.site_id].name) for alarm in found[:ALARMS_SHOWN])


def _unread_cases(rooms: Rooms, actor: Actor) -> int:
    scope = actor.scope(Act.ADMINISTER)
    return 0 if scope.is_empty else sum(rooms.unrouted.numbers(scope).values())


def _open_cases(rooms: Rooms, actor: Actor) -> list[Case]:
    """Return what is still to be reported, one more than is shown, in the order of the list."""
    return rooms.reading_list.cases(actor, ListFilter(only_open=True, limit=CASES_SHOWN + 1))


def _case(rooms: Rooms, actor: Actor, case: Case, site: Site, now: datetime) -> CaseOnPage:
    look = _look(rooms, case)
    reports = rooms.desk.reports_of_case(actor, case.case_id)
    return case_on_page(
        case,
        site_name=site.name,
        time_zone=site.time_zone,
        now=now,
        look=look,
        reports=tuple(report_on_page(report, now=now, look=look) for report in reports),
    )


def _look(rooms: Rooms, of: Case | Report) -> Look:
    """Return where the study's first image is rendered or its ECG drawn, or where DICOMweb has the study."""
    first = rooms.archive.search_instances(
        Query(conditions={"StudyInstanceUID": UIDList((of.study_instance_uid,))}, limit=INSTANCES_LOOKED_AT),
        visible_to=Scope(site_ids=frozenset({of.site_id})),
    )
    images = [instance for instance in first if instance.rows and instance.columns]
    if not images:
        tracings = [each for each in first if each.sop_class_uid in ELECTROCARDIOGRAMS]
        return _sheet(tracings[0]) if tracings else Look(path=study_path(of.site_id, of.study_instance_uid))
    # One that is meant to be looked at, if there is any.
    instance = min(images, key=lambda each: is_for_processing(each.sop_class_uid))
    path = instance_path(
        of.site_id, of.study_instance_uid, instance.series_instance_uid, instance.sop_instance_uid
    )
    return Look(
        path=f"{path}/rendered",
        is_image=True,
        is_for_processing=is_for_processing(instance.sop_class_uid),
    )


def _sheet(instance: Instance) -> Look:
    path = ecg_sheet_path(instance.site_id, instance.study_instance_uid, instance.sop_instance_uid)
    return Look(path=path, is_electrocardiogram=True)


def _own_time_zone(actor: Actor, sites: Mapping[str, Site]) -> str:
    """Return the zone of the actor's own site; physicians who read for many see the consortium's."""
    for grant in actor.grants:
        if grant.site_id is not None:
            return sites[grant.site_id].time_zone
    return DEFAULT_TIME_ZONE
