"""Templates, the one style sheet, and the headers of a page."""

import hashlib
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.errors import (
    HubError,
    InvalidRequest,
    NotAuthenticated,
    NotPermitted,
    QuotaExceeded,
    StorageUnavailable,
    TooManyAttempts,
)
from reporting.paper.words import Words
from viewer_api.static_files import STATIC_FOLDER

_HERE: Final = Path(__file__).parent
PAGE_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    # Without a referrer a browser sends `Origin: null` with a form, and our own would be refused.
    "Referrer-Policy": "same-origin",
}
_NOTICES: Final[dict[type[HubError], str]] = {
    InvalidRequest: "填写有误，请检查。",
    NotAuthenticated: "用户名或密码不正确。",
    NotPermitted: "页面已过期或无权操作，请重新打开页面。",
    TooManyAttempts: "尝试次数过多，请稍后再试。",
    StorageUnavailable: "系统暂时不可用，请稍后再试。",
    QuotaExceeded: "系统暂时不可用，请稍后再试。",
}

_environment = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _stylesheet_path() -> str:
    """Return the style sheet's address, which changes with its content: phones keep it for long."""
    digest = hashlib.sha256((STATIC_FOLDER / "page.css").read_bytes()).hexdigest()
    return f"/static/page.css?{digest[:16]}"


_environment.globals["stylesheet_path"] = _stylesheet_path()


def render(template: str, *, status: HTTPStatus = HTTPStatus.OK, **values: Any) -> HTMLResponse:
    """Return a page."""
    text = _environment.get_template(template).render(values)
    return HTMLResponse(text, status.value, headers=PAGE_HEADERS)


def notice_of(error: HubError | None) -> Words | None:
    """Return what to tell a person about an error."""
    if error is None:
        return None
    known = (_NOTICES[kind] for kind in type(error).__mro__ if kind in _NOTICES)
    return Words(zh=next(known, "无法完成。"), en=str(error))
