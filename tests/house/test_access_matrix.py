"""No route and no DIMSE service without its line in the table that the access tests fill."""

import importlib
import pkgutil
import re
from types import ModuleType
from typing import cast

import pytest
from fastapi import APIRouter, FastAPI

import viewer_api
from core.access import Act
from pacs_gateway.presentation import PREFERENCES
from pacs_gateway.sop_classes import STORAGE_CLASSES
from tests.house.access_matrix import DIMSE, PAGES, all_doors
from tests.house.door import Place
from viewer_api.app import create_app
from viewer_api.rooms import HttpSettings, Rooms

HOW = (
    "has no line in tests/house/access_matrix.py. Add one to DOORS (below DICOMweb to DICOM_WEB, once for"
    " both roots): Door(method=…, path=…, act=Act.…, place=Place.…, …). If it names a thing that"
    " tests/viewer_api/access_world.py does not make yet, make one at Xinglong in `_things` there."
)


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return create_app(cast("Rooms", None), HttpSettings())


def test_every_route_of_the_description_has_its_line(app: FastAPI) -> None:
    paths = app.openapi()["paths"]
    described = {(method.upper(), path) for path in paths for method in paths[path]}
    listed = [(door.method, door.path) for door in all_doors()]
    missing = sorted(f"{method} {path}" for method, path in described - set(listed))
    assert not missing, f"{missing} {HOW}"
    gone = sorted(f"{method} {path}" for method, path in set(listed) - described)
    assert not gone, f"{gone}: tests/house/access_matrix.py has a line for what is no route any more"
    assert len(listed) == len(set(listed)), "a route has two lines in tests/house/access_matrix.py"


def test_every_page_has_its_line(app: FastAPI) -> None:
    hidden = {
        (method, route.path)
        for router in _routers()
        for route in router.routes
        if not route.include_in_schema  # type: ignore[attr-defined] # all of them are routes of an API
        for method in route.methods  # type: ignore[attr-defined] # all of them are routes of an API
    }
    mounted = {("GET", path) for route in app.routes if (path := getattr(route, "path", None))}
    missing = sorted(f"{method} {path}" for method, path in (hidden | mounted) - set(PAGES))
    assert not missing, f"{missing}: a page needs its line in PAGES of tests/house/access_matrix.py"
    assert hidden | mounted == set(PAGES)


def _routers() -> list[APIRouter]:
    found = []
    for each in pkgutil.iter_modules(viewer_api.__path__):
        module: ModuleType = importlib.import_module(f"viewer_api.{each.name}")
        found += [value for value in vars(module).values() if isinstance(value, APIRouter)]
    return found


def test_a_line_says_which_act_where_one_is_needed() -> None:
    for door in all_doors():
        assert (door.act is None) is (door.place in {Place.OPEN, Place.SELF}), door.name
    used = {door.act for door in all_doors()}
    assert {act for act in Act if act not in used} <= {Act.ADMINISTER}


def test_every_dimse_service_has_its_line() -> None:
    supported = {uid for preference in PREFERENCES for uid in preference.sop_classes}
    offered = {service.sop_class_uid for service in DIMSE if service.is_offered}
    beyond = supported - STORAGE_CLASSES.keys() - offered
    assert not beyond, f"{sorted(beyond)}: a service needs its line in DIMSE of tests/house/access_matrix.py"
    assert offered <= supported
    assert all(re.fullmatch(r"[0-9.]+", service.sop_class_uid) for service in DIMSE)
