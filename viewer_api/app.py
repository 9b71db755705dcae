"""The HTTP edge, put together: routers, and what every request passes on its way to them."""

from typing import Final

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute

from viewer_api import (
    arrival_routes,
    aside_routes,
    audit_routes,
    browser_pages,
    bulk_routes,
    character_set_routes,
    device_routes,
    ecg_comparison_routes,
    ecg_routes,
    event_routes,
    figures_routes,
    group_routes,
    health,
    holter_routes,
    inbox_routes,
    link_routes,
    mark_routes,
    metrics_routes,
    next_routes,
    original_routes,
    own_session_routes,
    page,
    patient_routes,
    picture_routes,
    pixel_routes,
    prior_routes,
    qido_rs,
    rendered_routes,
    report_page,
    report_routes,
    request_routes,
    retake_routes,
    session_routes,
    site_routes,
    static_files,
    stow_rs,
    study_case_routes,
    turn_routes,
    unrouted_routes,
    upload_routes,
    user_routes,
    wado_rs,
    worklist_routes,
)
from viewer_api.bounded_body import BoundedBody
from viewer_api.compressed_json import CompressedJson
from viewer_api.dicom_web_root import PREFIX, SITE_PREFIX, named_site
from viewer_api.head_requests import HeadRequests
from viewer_api.openapi import describe
from viewer_api.problems import answer_with_problems
from viewer_api.request_log import RequestLog
from viewer_api.response_headers import ResponseHeaders
from viewer_api.rooms import HttpSettings, Rooms
from viewer_api.short_way import ShortWay
from viewer_api.trusted_proxy import TrustedProxy

VERSION: Final = "0.1.0"
OPENAPI_URL: Final = "/api/v1/openapi.json"
_READING: Final = (
    audit_routes.router,
    # Before the routes of one case, whose key would be taken for it.
    unrouted_routes.router,
    worklist_routes.router,
    next_routes.router,
    link_routes.router,
    prior_routes.router,
    turn_routes.router,
    request_routes.router,
    retake_routes.router,
    inbox_routes.router,
    report_routes.router,
    report_page.router,
    arrival_routes.router,
    event_routes.router,
    mark_routes.router,
    upload_routes.router,
    ecg_routes.router,
    holter_routes.router,
    ecg_comparison_routes.router,
    original_routes.router,
    device_routes.router,
    site_routes.router,
    group_routes.router,
    user_routes.router,
    figures_routes.router,
    study_case_routes.router,
    character_set_routes.router,
    page.router,
)
_DICOM_WEB: Final = (
    qido_rs.router,
    wado_rs.router,
    pixel_routes.router,
    bulk_routes.router,
    rendered_routes.router,
    picture_routes.router,
    stow_rs.router,
)


def create_app(rooms: Rooms, settings: HttpSettings) -> FastAPI:
    """Return the application over these rooms."""
    app = FastAPI(
        title="Imaging consultation hub",
        version=VERSION,
        openapi_url=OPENAPI_URL,
        # The ready-made documentation pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
    )
    app.state.rooms = rooms
    app.state.settings = settings
    app.include_router(health.router)
    app.include_router(metrics_routes.router)
    app.include_router(session_routes.router)
    app.include_router(own_session_routes.router)
    for router in _READING:
        app.include_router(router)
    app.include_router(aside_routes.router)
    app.include_router(patient_routes.router)
    app.include_router(browser_pages.router)
    app.include_router(static_files.router)
    _include_dicom_web(app)
    answer_with_problems(app)
    describe(app)
    # The last one added is the first that a request meets.
    app.add_middleware(ShortWay)
    app.add_middleware(CompressedJson)
    app.add_middleware(HeadRequests)
    app.add_middleware(BoundedBody, streamed=(f"{PREFIX}/", upload_routes.PREFIX))
    app.add_middleware(TrustedProxy, proxies=settings.trusted_proxies)
    app.add_middleware(RequestLog)
    app.add_middleware(ResponseHeaders)
    return app


def _include_dicom_web(app: FastAPI) -> None:
    """Give DICOMweb its two roots: the union of all one may see, and each site's own."""
    for router in _DICOM_WEB:
        app.include_router(router, prefix=PREFIX)
        app.include_router(
            router,
            prefix=SITE_PREFIX,
            dependencies=[Depends(named_site)],
            generate_unique_id_function=_operation_id_at_site,
        )


def _operation_id(route: APIRoute) -> str:
    return route.name


def _operation_id_at_site(route: APIRoute) -> str:
    return f"{route.name}_at_site"
