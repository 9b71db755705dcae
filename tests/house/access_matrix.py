"""Who may use which door, and where: one line for each route of the HTTP edge and each service of DIMSE.

A new route gets a line in DOORS (below DICOMweb in DICOM_WEB, once for both roots; a page in PAGES), a new
service of DIMSE one in DIMSE. The tests fill every cell from it: each role here and elsewhere, nobody, and
those who were somebody once. What a path, a body or a query names stands in braces, and means one of the
things that `tests/viewer_api/access_world.py` makes at one clinic, or one that nobody has.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from core.access import Act
from tests.house.door import SITE_ROOT, Door, Place

DICOM_WEB_ROOT = "/dicom-web"


_TURN = {"workitem_uid": "{workitem_uid}"}
_WORDS = {"findings": "", "impression": "x"}
_REASON = {"reason": "looked at"}
_VERSION = {"If-Match": '"1"'}
_REGISTERED = {"devices": "device_id", "users": "user_id", "tokens": "token_id"}

DOORS: list[Door] = [
    Door(method="GET", path="/api/v1/audit", act=Act.AUDIT, place=Place.LIST),
    Door(method="GET", path="/healthz", place=Place.OPEN),
    Door(method="GET", path="/readyz", place=Place.OPEN),
    Door(method="GET", path="/metrics", act=Act.ADMINISTER, place=Place.EVERYWHERE, recorded=False),
    Door(
        method="POST",
        path="/api/v1/login",
        place=Place.OPEN,
        body={"username": "clinic", "password": "{password}"},
    ),
    Door(method="POST", path="/api/v1/logout", place=Place.SELF, status=204),
    Door(method="GET", path="/api/v1/me", place=Place.SELF),
    Door(
        method="POST",
        path="/api/v1/password",
        place=Place.SELF,
        status=204,
        body={"old_password": "{password}", "new_password": "another password for tests"},
    ),
    Door(method="GET", path="/api/v1/sessions", place=Place.SELF),
    Door(method="DELETE", path="/api/v1/sessions", place=Place.SELF, status=204),
    Door(method="DELETE", path="/api/v1/sessions/{session_id}", place=Place.SELF, status=204),
    Door(
        method="POST",
        path="/api/v1/worklist/next",
        act=Act.READ,
        place=Place.OBJECT,
        body={"site_id": "{site_id}"},
    ),
    Door(method="GET", path="/api/v1/worklist/counts", act=Act.SEARCH, place=Place.OWN, recorded=False),
    Door(method="POST", path="/api/v1/worklist/seen", act=Act.SEARCH, place=Place.OWN, status=204),
    Door(method="GET", path="/api/v1/worklist", act=Act.SEARCH, place=Place.LIST),
    Door(
        method="GET",
        path="/api/v1/character-sets",
        act=Act.ADMINISTER,
        place=Place.LIST,
        recorded=False,
    ),
    Door(
        method="PUT",
        path="/api/v1/character-sets",
        act=Act.ADMINISTER,
        place=Place.OBJECT,
        body={
            "site_id": "{site_id}",
            "origin_kind": "device",
            "source": "{text_source_id}",
            "declared": "",
            "encoding": "as-declared",
        },
    ),
    Door(method="GET", path="/api/v1/cases/unrouted", act=Act.ADMINISTER, place=Place.OWN),
    Door(method="GET", path="/api/v1/cases/{case_id}", act=Act.SEARCH, place=Place.OBJECT),
    Door(
        method="GET",
        path="/api/v1/studies/{study_instance_uid}/case",
        act=Act.SEARCH,
        place=Place.OBJECT,
        query={"site_id": "{site_id}"},
    ),
    Door(method="GET", path="/api/v1/cases/{case_id}/timeline", act=Act.TRACE, place=Place.OBJECT),
    Door(
        method="POST",
        path="/api/v1/workitems/{workitem_uid}/claim",
        act=Act.READ,
        place=Place.OBJECT,
        things={"workitem_uid": "waiting_workitem_uid"},
    ),
    Door(
        method="POST",
        path="/api/v1/workitems/{workitem_uid}/heartbeat",
        act=Act.READ,
        place=Place.OBJECT,
        recorded=False,
    ),
    Door(method="POST", path="/api/v1/workitems/{workitem_uid}/release", act=Act.READ, place=Place.OBJECT),
    Door(
        method="POST",
        path="/api/v1/requests",
        act=Act.REQUEST,
        place=Place.OBJECT,
        status=201,
        body={"site_id": "{site_id}", "accession_number": "A-7"},
    ),
    Door(
        method="POST",
        path="/api/v1/workitems/{workitem_uid}/take-over",
        act=Act.TAKE_OVER,
        place=Place.OBJECT,
        body={"reason": "y"},
        things={"workitem_uid": "colleagues_workitem_uid"},
    ),
    # Whoever held a case once learns who took it over, so the role alone refuses nobody.
    Door(
        method="GET",
        path="/api/v1/cases/{case_id}/turns",
        act=Act.SEARCH,
        place=Place.OBJECT,
        recorded=False,
        refusal=404,
    ),
    Door(
        method="POST",
        path="/api/v1/cases/{case_id}/link",
        act=Act.LINK,
        place=Place.OBJECT,
        body={"case_id": "{waiting_case_id}", "reason": "x"},
    ),
    Door(
        method="POST",
        path="/api/v1/cases/{case_id}/unlink",
        act=Act.LINK,
        place=Place.OBJECT,
        body={"study_instance_uid": "{linked_study}", "reason": "x"},
        things={"case_id": "linking_case_id"},
    ),
    Door(
        method="POST",
        path="/api/v1/cases/{case_id}/relate",
        act=Act.LINK,
        place=Place.OBJECT,
        body={"case_id": "{waiting_case_id}", "reason": "x"},
    ),
    Door(
        method="POST",
        path="/api/v1/cases/{case_id}/unrelate",
        act=Act.LINK,
        place=Place.OBJECT,
        body={"case_id": "{linking_case_id}", "reason": "x"},
    ),
    Door(method="GET", path="/api/v1/cases/{case_id}/priors", act=Act.SEARCH, place=Place.OBJECT),
    Door(
        method="POST",
        path="/api/v1/cases/{case_id}/retake",
        act=Act.READ,
        place=Place.OBJECT,
        status=201,
        body=_TURN | {"reason": "motion"},
    ),
    Door(method="GET", path="/api/v1/retakes", act=Act.SEARCH, place=Place.LIST),
    *(
        Door(
            method="POST",
            path=f"/api/v1/retakes/{{retake_id}}/{act}",
            act=Act.READ if act == "withdraw" else Act.ANSWER_RETAKE,
            place=Place.OBJECT,
            body={"reason": "x"} if act == "decline" else None,
        )
        for act in ("acknowledge", "decline", "withdraw")
    ),
    Door(method="GET", path="/api/v1/requests", act=Act.REQUEST, place=Place.LIST),
    Door(method="GET", path="/api/v1/requests/{request_id}", act=Act.REQUEST, place=Place.OBJECT),
    Door(
        method="POST",
        path="/api/v1/requests/{request_id}/match",
        act=Act.REQUEST,
        place=Place.OBJECT,
        body={"case_id": "{case_id}", "reason": "x"},
    ),
    Door(
        method="POST",
        path="/api/v1/requests/{request_id}/unmatch",
        act=Act.REQUEST,
        place=Place.OBJECT,
        body={"reason": "x"},
        things={"request_id": "matched_request_id"},
    ),
    Door(
        method="POST",
        path="/api/v1/requests/{request_id}/withdraw",
        act=Act.REQUEST,
        place=Place.OBJECT,
        body={"reason": "x"},
    ),
    Door(method="GET", path="/api/v1/cases/{case_id}/draft", act=Act.READ, place=Place.OBJECT),
    # Whoever read a case once finds their own words, so the role alone refuses nobody.
    Door(
        method="PUT",
        path="/api/v1/cases/{case_id}/draft",
        act=Act.READ,
        place=Place.OBJECT,
        refusal=404,
        body=_TURN | _WORDS,
        headers=_VERSION,
    ),
    Door(
        method="GET",
        path="/api/v1/cases/{case_id}/kept-drafts",
        act=Act.READ,
        place=Place.OBJECT,
        recorded=False,
        refusal=404,
    ),
    Door(
        method="POST",
        path="/api/v1/cases/{case_id}/sign",
        act=Act.READ,
        place=Place.OBJECT,
        status=201,
        body=_TURN | {"status": "preliminary", "instances_seen": "{instances_seen}"},
        headers=_VERSION,
    ),
    Door(
        method="GET",
        path="/api/v1/studies/{study_instance_uid}/marks",
        act=Act.READ,
        place=Place.OBJECT,
        query={"site_id": "{site_id}"},
    ),
    Door(
        method="PUT",
        path="/api/v1/studies/{study_instance_uid}/marks",
        act=Act.READ,
        place=Place.OBJECT,
        query={"site_id": "{site_id}"},
        body=_TURN | {"marks": []},
        headers={"If-Match": '"0"'},
    ),
    Door(method="GET", path="/api/v1/reports/{report_id}/marks", act=Act.RECEIVE, place=Place.OBJECT),
    Door(method="GET", path="/api/v1/cases/{case_id}/reports", act=Act.RECEIVE, place=Place.OBJECT),
    Door(method="GET", path="/api/v1/reports", act=Act.RECEIVE, place=Place.LIST),
    Door(
        method="POST",
        path="/api/v1/reports/{report_id}/confirm",
        act=Act.CONFIRM,
        place=Place.OBJECT,
        body={},
    ),
    Door(method="GET", path="/api/v1/arrivals", act=Act.SEARCH, place=Place.LIST),
    Door(method="GET", path="/api/v1/reports/{report_id}", act=Act.RECEIVE, place=Place.OBJECT),
    Door(method="GET", path="/api/v1/reports/{report_id}/pdf", act=Act.RECEIVE, place=Place.OBJECT),
    Door(method="GET", path="/api/v1/reports/{report_id}/sr", act=Act.RECEIVE, place=Place.OBJECT),
    Door(
        method="POST",
        path="/api/v1/reports/{report_id}/addenda",
        act=Act.READ,
        place=Place.OBJECT,
        status=201,
        body=_WORDS | {"reason": "y"},
    ),
    Door(
        method="GET",
        path="/api/v1/events",
        act=Act.SEARCH,
        place=Place.LIST,
        query={"after": "0", "seconds": "0"},
        recorded=False,
    ),
    Door(
        method="GET",
        path="/api/v1/devices/unknown",
        act=Act.ADMINISTER,
        place=Place.EVERYWHERE,
        recorded=False,
    ),
    Door(
        method="POST",
        path="/api/v1/devices/unknown/{unknown_device_id}/adopt",
        act=Act.ADMINISTER,
        place=Place.EVERYWHERE,
        status=201,
        body={"site_id": "{site_id}"},
    ),
    *(
        Door(
            method="GET",
            path=f"/api/v1/{listed}",
            act=Act.ADMINISTER,
            place=Place.EVERYWHERE,
            recorded=False,
        )
        for listed in ("sites", "devices", "reading-groups", "users", "tokens", "figures")
    ),
    *(
        Door(
            method=method,
            path=f"/api/v1/{path}",
            act=Act.ADMINISTER,
            place=Place.EVERYWHERE,
            status=status,
            body=body,
        )
        for method, path, status, body in (
            ("POST", "sites", 201, {"site_id": "new", "name": "x"}),
            ("PATCH", "sites/{site}", 200, {"name": "x"}),
            ("POST", "sites/{site}/disable", 200, None),
            (
                "POST",
                "devices",
                201,
                {
                    "site_id": "{site_id}",
                    "calling_ae_title": "X",
                    "called_ae_title": "HUB",
                    "network": "10.9.9.9",
                },
            ),
            ("POST", "devices/{device_id}/disable", 200, None),
            ("POST", "devices/{device_id}/certificates", 200, {"pem": "{pem}"}),
            ("POST", "devices/{device_id}/certificates/{fingerprint}/withdraw", 200, None),
            ("POST", "reading-groups", 201, {"reading_group_id": "new", "name": "x"}),
            ("POST", "reading-groups/{group}/routes", 200, {"site_id": "{site_id}", "modality": "CR"}),
            ("POST", "reading-groups/{group}/routes/remove", 200, {"site_id": "{site_id}"}),
            ("POST", "reading-groups/{group}/disable", 200, None),
            ("POST", "users", 201, {"username": "new", "grants": []}),
            ("POST", "users/{user_id}/grants", 200, {"role": "auditor"}),
            ("POST", "users/{user_id}/grants/revoke", 200, {"role": "clinic", "site_id": "{site_id}"}),
            ("POST", "users/{user_id}/reset", 200, None),
            ("POST", "users/{user_id}/disable", 200, None),
            ("POST", "users/{user_id}/tokens", 201, {"name": "x"}),
            ("POST", "tokens/{token_id}/disable", 200, None),
        )
    ),
    *(
        # What was disabled before: enabling what is in use changes nothing, and leaves no row.
        Door(
            method="POST",
            path=f"/api/v1/{noun}/{{{name}}}/enable",
            act=Act.ADMINISTER,
            place=Place.EVERYWHERE,
            things={name: f"disabled_{name}"},
        )
        for noun, name in {"sites": "site", "reading-groups": "group", **_REGISTERED}.items()
    ),
    Door(method="GET", path="/api/v1/site-names", act=Act.TRACE, place=Place.LIST, recorded=False),
    Door(
        method="POST",
        path="/api/v1/studies/{study_instance_uid}/patient/attach",
        act=Act.STORE,
        place=Place.OBJECT,
        body={"site_id": "{site_id}", "patient_id": "CANARY-7", "patient_name": "Canary^Zhang", **_REASON},
        things={"study_instance_uid": "unnamed_study"},
    ),
    Door(
        method="GET",
        path="/api/v1/studies/{study_instance_uid}/cases",
        act=Act.TRACE,
        place=Place.LIST,
    ),
    *(
        Door(
            method="GET",
            path=f"/api/v1/studies/{{study}}/instances/{{instance}}/{form}",
            act=Act.SEARCH,
            place=Place.OBJECT,
            things={"study": "ecg_study", "instance": "ecg_instance"},
        )
        for form in (
            "ecg",
            "ecg.png",
            "ecg.svg",
            "ecg/comparison.svg",
            "ecg/overview",
            "ecg/overview.svg",
            "ecg/disclosure.svg",
        )
    ),
    Door(
        method="GET",
        path="/api/v1/studies/{study}/instances/{instance}/original",
        act=Act.SEARCH,
        place=Place.OBJECT,
        things={"study": "file_study", "instance": "file_instance"},
    ),
    Door(
        method="GET",
        path="/api/v1/studies/{study}/originals",
        act=Act.SEARCH,
        place=Place.OBJECT,
        things={"study": "file_study"},
    ),
    Door(
        method="POST",
        path="/api/v1/uploads",
        act=Act.STORE,
        place=Place.OBJECT,
        status=201,
        body={"site_id": "{site_id}", "files": [{"name": "x", "size": 2}]},
    ),
    Door(method="GET", path="/api/v1/uploads", act=Act.STORE, place=Place.LIST),
    Door(method="GET", path="/api/v1/uploads/{upload_id}", act=Act.STORE, place=Place.OBJECT),
    Door(method="GET", path="/api/v1/uploads/{upload_id}/files/{number}", act=Act.STORE, place=Place.OBJECT),
    Door(
        method="PATCH",
        path="/api/v1/uploads/{upload_id}/files/{number}",
        act=Act.STORE,
        place=Place.OBJECT,
        body={},
        headers={"Upload-Offset": "0"},
    ),
    Door(method="GET", path="/api/v1/kept-aside", act=Act.ADMINISTER, place=Place.LIST),
    Door(method="GET", path="/api/v1/alarms", act=Act.ADMINISTER, place=Place.OWN, recorded=False),
    *(
        Door(
            method="GET",
            path=f"/api/v1/kept-aside/{{kept_key}}{below}",
            act=Act.ADMINISTER,
            place=Place.OBJECT,
        )
        for below in ("", "/look", "/file")
    ),
    *(
        Door(
            method="POST",
            path=f"/api/v1/kept-aside/{{kept_key}}/{act}",
            act=Act.ADMINISTER,
            place=Place.OBJECT,
            body=_REASON,
            things={"kept_key": "discarded_kept_key"} if act == "reopen" else {},
        )
        for act in ("readmit", "discard", "keep-apart", "reopen")
    ),
    Door(method="GET", path="/api/v1/flagged-studies", act=Act.ADMINISTER, place=Place.LIST),
    Door(method="GET", path="/api/v1/patients/{patient_key}", act=Act.ADMINISTER, place=Place.OBJECT),
    Door(
        method="POST",
        path="/api/v1/patients/{patient_key}/link",
        act=Act.ADMINISTER,
        place=Place.OBJECT,
        body=_REASON | {"other_patient_key": "{other_patient_key}"},
    ),
    Door(
        method="POST",
        path="/api/v1/patients/{patient_key}/unlink",
        act=Act.ADMINISTER,
        place=Place.OBJECT,
        body=_REASON,
        things={"patient_key": "linked_patient_key"},
    ),
    Door(
        method="POST",
        path="/api/v1/studies/{study_instance_uid}/patient",
        act=Act.ADMINISTER,
        place=Place.OBJECT,
        body=_REASON | {"site_id": "{site_id}", "patient_key": "{other_patient_key}"},
    ),
    Door(
        method="POST",
        path="/api/v1/studies/{study_instance_uid}/patient/confirm",
        act=Act.ADMINISTER,
        place=Place.OBJECT,
        body=_REASON | {"site_id": "{site_id}"},
        things={"study_instance_uid": "flagged_study_instance_uid"},
    ),
    Door(
        method="POST",
        path="/api/v1/reports/{report_id}/amendments",
        act=Act.READ,
        place=Place.OBJECT,
        status=201,
        body=_WORDS | {"reason": "y", "instances_seen": "{reported_instances_seen}"},
    ),
]

_STUDY = "/studies/{study}"
_SERIES = f"{_STUDY}/series/{{series}}"
_INSTANCE = f"{_SERIES}/instances/{{instance}}"
_SEARCHES = (
    "/studies",
    "/series",
    "/instances",
    f"{_STUDY}/series",
    f"{_STUDY}/instances",
    f"{_SERIES}/instances",
)
_RETRIEVALS = (
    _STUDY,
    _SERIES,
    _INSTANCE,
    f"{_STUDY}/metadata",
    f"{_SERIES}/metadata",
    f"{_INSTANCE}/metadata",
    f"{_INSTANCE}/frames/{{frames}}",
    f"{_STUDY}/bulkdata",
    f"{_SERIES}/bulkdata",
    f"{_INSTANCE}/bulkdata",
    f"{_INSTANCE}/bulkdata/{{path}}",
    f"{_INSTANCE}/rendered",
    f"{_INSTANCE}/frames/{{frame}}/rendered",
    f"{_STUDY}/thumbnail",
    f"{_SERIES}/thumbnail",
    f"{_INSTANCE}/thumbnail",
    f"{_INSTANCE}/frames/{{frame}}/thumbnail",
    f"{_INSTANCE}/preview",
    f"{_INSTANCE}/cine",
)

DICOM_WEB: list[Door] = [
    *(Door(method="GET", path=path, act=Act.SEARCH, place=Place.LIST) for path in _SEARCHES),
    *(Door(method="GET", path=path, act=Act.SEARCH, place=Place.OBJECT) for path in _RETRIEVALS),
    Door(method="POST", path="/studies", act=Act.STORE, place=Place.OWN, stores=True, everywhere=409),
    Door(method="POST", path=_STUDY, act=Act.STORE, place=Place.OWN, stores=True, everywhere=409),
]
"""Below a root: that of all one may see, and that of each site, where nothing is ambiguous."""

PAGES: dict[tuple[str, str], Place] = {
    ("GET", "/"): Place.OPEN,
    ("GET", "/login"): Place.OPEN,
    ("GET", "/r/{report_id}"): Place.OBJECT,
    ("POST", "/r/{report_id}"): Place.OPEN,
    ("POST", "/r/{report_id}/confirm"): Place.OBJECT,
    ("GET", "/api/v1/openapi.json"): Place.OPEN,
    ("GET", "/static/{name}"): Place.OPEN,
    ("GET", "/read"): Place.OPEN,
    ("GET", "/view/{site_id}/{study}"): Place.OPEN,
    ("GET", "/send"): Place.OPEN,
    ("GET", "/clinic"): Place.OPEN,
    ("GET", "/cases/{study}"): Place.OPEN,
    ("GET", "/admin"): Place.OPEN,
    ("GET", "/account"): Place.OPEN,
}
"""What the description of the API leaves out."""


def all_doors() -> Iterator[Door]:
    """Yield every route that the description of the API names."""
    yield from DOORS
    for door in DICOM_WEB:
        yield replace(door, path=DICOM_WEB_ROOT + door.path)
        yield replace(door, path=SITE_ROOT + door.path, everywhere=None)


@dataclass(frozen=True, kw_only=True)
class DimseDoor:
    """One DIMSE service: whether a registered device may use it; nobody else may use any."""

    name: str
    sop_class_uid: str
    is_offered: bool


DIMSE: list[DimseDoor] = [
    DimseDoor(name="C-ECHO", sop_class_uid="1.2.840.10008.1.1", is_offered=True),
    DimseDoor(name="C-STORE", sop_class_uid="1.2.840.10008.5.1.4.1.1.6.1", is_offered=True),
    DimseDoor(name="Patient Root C-FIND", sop_class_uid="1.2.840.10008.5.1.4.1.2.1.1", is_offered=False),
    DimseDoor(name="Patient Root C-MOVE", sop_class_uid="1.2.840.10008.5.1.4.1.2.1.2", is_offered=False),
    DimseDoor(name="Patient Root C-GET", sop_class_uid="1.2.840.10008.5.1.4.1.2.1.3", is_offered=False),
    DimseDoor(name="Study Root C-FIND", sop_class_uid="1.2.840.10008.5.1.4.1.2.2.1", is_offered=False),
    DimseDoor(name="Study Root C-MOVE", sop_class_uid="1.2.840.10008.5.1.4.1.2.2.2", is_offered=False),
    DimseDoor(name="Study Root C-GET", sop_class_uid="1.2.840.10008.5.1.4.1.2.2.3", is_offered=False),
    DimseDoor(name="Modality Worklist C-FIND", sop_class_uid="1.2.840.10008.5.1.4.31", is_offered=False),
    DimseDoor(name="Storage Commitment", sop_class_uid="1.2.840.10008.1.20.1", is_offered=False),
    DimseDoor(name="MPPS", sop_class_uid="1.2.840.10008.3.1.2.3.3", is_offered=False),
    DimseDoor(name="UPS Push", sop_class_uid="1.2.840.10008.5.1.4.34.6.1", is_offered=False),
    DimseDoor(name="Instance Availability", sop_class_uid="1.2.840.10008.5.1.4.33", is_offered=False),
    DimseDoor(name="Print", sop_class_uid="1.2.840.10008.5.1.1.9", is_offered=False),
]
