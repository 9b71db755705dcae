"""QIDO-RS: searching for studies, series and instances (PS3.18 10.6)."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Depends, Request, Response

from core.errors import InvalidQuery, StorageUnavailable
from core.limits import SEARCH_COUNT_LIMIT, SEARCH_LIMIT, SEARCH_READ_LIMIT
from database.topics import TEXT, site_topics
from storage.archive import Archive
from storage.dicom_json import data_set, encoded, encoded_data_sets, tag_of
from storage.instance import Instance, Series, Study
from storage.query import (
    DATE_KEYWORDS,
    KEYWORDS,
    NUMBER_KEYWORDS,
    TIME_KEYWORDS,
    UID_KEYWORDS,
    Level,
    Query,
    UIDList,
)
from viewer_api.access_log import AccessLog
from viewer_api.dicom_json_answer import JSON_ARRAY, MEDIA_TYPE, DicomJSON
from viewer_api.dicom_web_root import ROOT_PROBLEMS, UID, Root, SearchRoot, accept_of
from viewer_api.included_attributes import read_included, with_included
from viewer_api.media_types import Form, choose
from viewer_api.problems import NotAcceptable, documented
from viewer_api.rooms import InRooms, rooms_of
from viewer_api.search_attributes import instance_attributes, series_attributes, study_attributes
from viewer_api.search_parameters import LARGEST_OFFSET, Search

router = APIRouter(tags=["QIDO-RS"])

TOTAL: Final = "X-Total-Count"
_DAY: Final = "[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])"
_TIME: Final = "([01][0-9]|2[0-3])([0-5][0-9]){0,2}"
_HEADERS: Final = {
    TOTAL: {
        "description": f"How many match in all; left out beyond {SEARCH_COUNT_LIMIT}.",
        "schema": {"type": "integer"},
    },
    "Warning": {"description": "What was not done, and how many are left.", "schema": {"type": "string"}},
}
_FORMS: Final = (Form(media_type=MEDIA_TYPE),)
Above = TypeVar("Above", Study, Series)
Found = TypeVar("Found", Study, Series, Instance)
InSearch = Annotated[Search, Depends()]


def _described(keywords: frozenset[str]) -> dict[str, Any]:
    """Describe a search: its answers, and the attributes it reads from the query string as a whole."""
    content = {MEDIA_TYPE: {"schema": JSON_ARRAY}}
    parameters = [
        {
            "name": keyword,
            "in": "query",
            "description": f"{keyword}, also by its tag; matched as PS3.4 C.2.2.2 says.",
            "schema": {"type": "string"} | _form_of(keyword),
        }
        for keyword in sorted(keywords)
    ]
    return {
        "response_class": Response,
        "openapi_extra": {"parameters": parameters},
        "responses": ROOT_PROBLEMS
        | documented(InvalidQuery, NotAcceptable, StorageUnavailable)
        | {
            200: {
                "description": "What matches, in the DICOM JSON model; maybe nothing.",
                "content": content,
                "headers": _HEADERS,
            }
        },
    }


def _form_of(keyword: str) -> dict[str, str]:
    """Return what the value of an attribute has to look like, where it is not any text."""
    if keyword in UID_KEYWORDS:
        return {"pattern": r"^([0-9.]{1,64}([,\\][0-9.]{1,64})*)?$"}
    if keyword in NUMBER_KEYWORDS:
        return {"pattern": "^([+-]?[0-9]{1,9})?$"}
    if keyword in DATE_KEYWORDS:
        return {"pattern": f"^({_DAY}|{_DAY}-|-{_DAY}|{_DAY}-{_DAY})?$"}
    if keyword in TIME_KEYWORDS:
        return {"pattern": f"^({_TIME}|{_TIME}-|-{_TIME}|{_TIME}-{_TIME})?$"}
    return {}


_STUDIES: Final = _described(KEYWORDS[Level.STUDY])
_SERIES: Final = _described(KEYWORDS[Level.SERIES])
_INSTANCES: Final = _described(KEYWORDS[Level.INSTANCE])


@router.get("/studies", summary="Search for studies", **_STUDIES)
def search_for_studies(request: Request, rooms: InRooms, root: SearchRoot, search: InSearch) -> Response:
    """Studies that match, newest arrival first."""
    query = search.query(Level.STUDY)

    def find() -> Sequence[Study]:
        return rooms.archive.search_studies(query, visible_to=root.scope)

    def attributes_of(shown: Sequence[Study]) -> list[dict[str, Any]]:
        return [study_attributes(study, root) for study in shown]

    return _answer(request, root, search, (Level.STUDY, query), find, attributes_of)


@router.get("/series", summary="Search for series of all studies", **_SERIES)
def search_for_all_series(request: Request, rooms: InRooms, root: SearchRoot, search: InSearch) -> Response:
    """Series that match, each with its study's attributes."""
    return _series(request, rooms.archive, root, search, search.query(Level.SERIES))


@router.get("/studies/{study}/series", summary="Search for series of a study", **_SERIES)
def search_for_series(
    request: Request, rooms: InRooms, root: SearchRoot, search: InSearch, study: UID
) -> Response:
    """Series that match, each with its study's attributes."""
    return _series(request, rooms.archive, root, search, search.query(Level.SERIES, StudyInstanceUID=study))


@router.get("/instances", summary="Search for instances of all studies", **_INSTANCES)
def search_for_all_instances(
    request: Request, rooms: InRooms, root: SearchRoot, search: InSearch
) -> Response:
    """Instances that match, each with the attributes of its study and series."""
    return _instances(request, rooms.archive, root, search, search.query(Level.INSTANCE))


@router.get("/studies/{study}/instances", summary="Search for instances of a study", **_INSTANCES)
def search_for_study_instances(
    request: Request, rooms: InRooms, root: SearchRoot, search: InSearch, study: UID
) -> Response:
    """Instances that match, each with the attributes of its study and series."""
    query = search.query(Level.INSTANCE, StudyInstanceUID=study)
    return _instances(request, rooms.archive, root, search, query)


@router.get(
    "/studies/{study}/series/{series}/instances", summary="Search for instances of a series", **_INSTANCES
)
def search_for_series_instances(
    request: Request, rooms: InRooms, root: SearchRoot, search: InSearch, study: UID, series: UID
) -> Response:
    """Instances that match, each with the attributes of its study and series."""
    query = search.query(Level.INSTANCE, StudyInstanceUID=study, SeriesInstanceUID=series)
    return _instances(request, rooms.archive, root, search, query)


def _series(request: Request, archive: Archive, root: Root, search: Search, query: Query) -> Response:
    def attributes_of(shown: Sequence[Series]) -> list[dict[str, Any]]:
        studies = _studies_of(archive, root, shown)
        return [
            _attributes(studies.get((each.site_id, each.study_instance_uid)), study_attributes, root)
            | series_attributes(each, root)
            for each in shown
        ]

    def find() -> Sequence[Series]:
        return archive.search_series(query, visible_to=root.scope)

    return _answer(request, root, search, (Level.SERIES, query), find, attributes_of)


def _instances(request: Request, archive: Archive, root: Root, search: Search, query: Query) -> Response:
    def attributes_of(shown: Sequence[Instance]) -> list[dict[str, Any]]:
        studies = _studies_of(archive, root, shown)
        uids = {each.series_instance_uid for each in shown}
        series = {
            (each.site_id, each.series_instance_uid): each
            for each in _related(archive.search_series, root, "SeriesInstanceUID", uids)
        }
        return [
            _attributes(studies.get((each.site_id, each.study_instance_uid)), study_attributes, root)
            | _attributes(series.get((each.site_id, each.series_instance_uid)), series_attributes, root)
            | instance_attributes(each, root)
            for each in shown
        ]

    def find() -> Sequence[Instance]:
        return archive.search_instances(query, visible_to=root.scope)

    return _answer(request, root, search, (Level.INSTANCE, query), find, attributes_of)


def _studies_of(
    archive: Archive, root: Root, found: Sequence[Series | Instance]
) -> dict[tuple[str, str], Study]:
    """Return the studies that series or instances belong to: every level is answered (10.6.3.3)."""
    uids = {each.study_instance_uid for each in found}
    studies = _related(archive.search_studies, root, "StudyInstanceUID", uids)
    return {(study.site_id, study.study_instance_uid): study for study in studies}


def _related(search: Callable[..., list[Above]], root: Root, keyword: str, uids: set[str]) -> list[Above]:
    if not uids:
        return []
    by_uid = Query(conditions={keyword: UIDList(tuple(sorted(uids)))}, limit=LARGEST_OFFSET)
    return search(by_uid, visible_to=root.scope)


def _attributes(
    level: Above | None, attributes: Callable[[Above, Root], dict[str, Any]], root: Root
) -> dict[str, Any]:
    return {} if level is None else attributes(level, root)


def _answer(
    request: Request,
    root: Root,
    search: Search,
    asked: tuple[Level, Query],
    find: Callable[[], Sequence[Found]],
    attributes_of: Callable[[Sequence[Found]], list[dict[str, Any]]],
) -> Response:
    """Answer as before to the same words from the same reach, or search."""
    rooms = rooms_of(request)
    body, headers = rooms.database.recalled(
        ("search", root.base_url, root.scope, request.scope["path"], request.scope["query_string"]),
        lambda: _written(rooms.archive, root, search, asked, find(), attributes_of),
        on=None if root.scope.everything else (TEXT, *site_topics(root.scope.sites)),
        weigh=lambda written: len(written[0]),
    )
    AccessLog(rooms.database, rooms.clock).note_query(root.actor, "search", site_id=root.site_id)
    # 10.6.3.1 as amended by CP-2473: nothing found is 200 and an empty array, no longer 204.
    choose(accept_of(request), _FORMS, multipart=False, single=True)
    return DicomJSON(body, headers=headers)


def _written(
    archive: Archive,
    root: Root,
    search: Search,
    asked: tuple[Level, Query],
    found: Sequence[Found],
    attributes_of: Callable[[Sequence[Found]], list[dict[str, Any]]],
) -> tuple[bytes, dict[str, str]]:
    """Return the page that is wanted of what was found, and what is said beside it."""
    level, query = asked
    sample = [] if search.fields.is_empty else attributes_of(found[:1])
    given = {int(tag_of(keyword), 16) for attributes in sample for keyword in attributes}
    has_to_read = search.fields.beyond(level, given)
    shown = search.page(
        found,
        lambda: archive.count(level, query, visible_to=root.scope, up_to=SEARCH_COUNT_LIMIT + 1),
        at_most=SEARCH_READ_LIMIT if has_to_read else SEARCH_LIMIT,
    )
    attributes_shown = attributes_of(shown)
    if not has_to_read:
        return encoded_data_sets(attributes_shown), _headers(root, search)
    read = read_included(archive, root, search.fields, level, shown)
    answered = [
        with_included(data_set(given), included)
        for given, included in zip(attributes_shown, read, strict=True)
    ]
    return encoded(answered), _headers(root, search)


def _headers(root: Root, search: Search) -> dict[str, str]:
    headers = {} if search.total is None else {TOTAL: str(search.total)}
    if search.warnings:
        headers["Warning"] = ", ".join(f'299 {root.base_url} "{text}"' for text in search.warnings)
    return headers
