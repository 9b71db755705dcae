"""A signed report as a page of its own at `/r/{report_id}`: without any script, on paper as on screen."""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from core.access import ALLOWED, Act
from reporting.key_pictures import key_drawings
from viewer_api.access_log import AccessLog
from viewer_api.head_requests import IsHead
from viewer_api.page import InPageActor, InPageIdentity, PageRoute
from viewer_api.page_forms import csrf_token, require_own_form
from viewer_api.page_templates import render
from viewer_api.parameters import ReportId
from viewer_api.report_page_content import report_page
from viewer_api.rooms import InRooms

_SEE_OTHER: Final = 303

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/r/{report_id}")
def show_report_page(
    request: Request, rooms: InRooms, actor: InPageActor, report_id: ReportId, is_head: IsHead
) -> Response:
    """The words as they were signed, with key images; for an account of the clinic this is its receipt."""
    found = rooms.inbox.find(actor, report_id)
    AccessLog(rooms.database, rooms.clock).note(
        actor, found.site_id, found.study_instance_uid, act=Act.RECEIVE
    )
    report = rooms.inbox.report(actor, report_id, is_given=not is_head)
    may_confirm = any(Act.CONFIRM in ALLOWED[grant.role] for grant in actor.grants)
    drawings = key_drawings(rooms.archive, report.document, rooms.marking.signed(actor, report))
    return render(
        "report.html",
        page=report_page(report, drawings),
        csrf_token=csrf_token(request) if may_confirm and report.superseded_by is None else "",
        display_name=actor.display_name,
    )


@router.post("/r/{report_id}/confirm")
def confirm_on_page(
    request: Request,
    rooms: InRooms,
    identity: InPageIdentity,
    actor: InPageActor,
    report_id: ReportId,
    token: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
) -> Response:
    """Confirm by name that the clinic has the report."""
    require_own_form(request, identity, token)
    rooms.inbox.confirm(actor, report_id, name=name)
    return RedirectResponse(f"/r/{report_id}", _SEE_OTHER)
