"""The OpenAPI description, corrected where the framework does not know our problems."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from viewer_api.problems import MEDIA_TYPE, PROBLEM_SCHEMA

DESCRIPTION: Final = (
    "Instances over DICOMweb, below the root of a site or of all that one may see; the reading list, reports"
    " and requests below `/api/v1`. Every error is a problem (RFC 9457). Whatever has a GET answers HEAD too:"
    " with the same head, no body, and no receipt."
)
_FRAMEWORK_VALIDATION: Final = "422"
_FRAMEWORK_SCHEMAS: Final = ("HTTPValidationError", "ValidationError")


def describe(app: FastAPI) -> None:
    """Make the application describe itself so, once."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _description_of(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # the framework's own way to replace it


def _description_of(app: FastAPI) -> dict[str, Any]:
    described = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes)
    schemas = described.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = PROBLEM_SCHEMA
    for name in _FRAMEWORK_SCHEMAS:
        schemas.pop(name, None)
    for operations in described["paths"].values():
        for operation in operations.values():
            # What the framework refuses as 422 is a problem with status 400 here.
            answer = operation["responses"].get(_FRAMEWORK_VALIDATION)
            if answer is not None and MEDIA_TYPE not in answer["content"]:
                del operation["responses"][_FRAMEWORK_VALIDATION]
    return described
