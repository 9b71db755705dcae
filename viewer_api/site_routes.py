"""Sites over HTTP: administrators of the whole register them and change their settings."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import AfterValidator

from core.access import Act
from core.errors import AlreadyRegistered, InvalidRequest, NotFound, StorageUnavailable, TooLarge
from registry.readmission import Readmission
from registry.upkeep import Upkeep
from viewer_api.authentication import AUTHENTICATION_PROBLEMS
from viewer_api.parameters import plain_text
from viewer_api.permission import AdministeringEverywhere, Tracing
from viewer_api.problems import documented
from viewer_api.rooms import InRooms
from viewer_api.site_schemas import (
    NewSiteBody,
    SiteChangeBody,
    SiteCollection,
    SiteNameCollection,
    SiteNameResource,
    SiteResource,
)

router = APIRouter(
    prefix="/api/v1",
    tags=["register"],
    responses=AUTHENTICATION_PROBLEMS | documented(StorageUnavailable),
)
Site = Annotated[
    str,
    AfterValidator(plain_text),
    Path(description="The short identifier of a site.", max_length=32, examples=["xinglong-clinic"]),
]


@router.get("/sites", summary="Every site")
def list_sites(_actor: AdministeringEverywhere, rooms: InRooms) -> SiteCollection:
    """With their settings, disabled ones too."""
    return SiteCollection(items=[SiteResource.of(site) for site in rooms.directory.sites()])


@router.get("/site-names", summary="What my sites are called")
def list_site_names(actor: Tracing, rooms: InRooms) -> SiteNameCollection:
    """Every site of which this account sees anything: pages show its name instead of its identifier."""
    scope = actor.scope(Act.TRACE)
    return SiteNameCollection(
        items=[
            SiteNameResource(
                site_id=site.site_id,
                name=site.name,
                is_in_use=site.disabled_at is None and not site.is_self_test,
            )
            for site in rooms.directory.sites()
            if scope.everything or site.site_id in scope.sites
        ]
    )


@router.post(
    "/sites",
    summary="Register a site",
    status_code=201,
    responses=documented(AlreadyRegistered, InvalidRequest, TooLarge),
)
def add_site(actor: AdministeringEverywhere, rooms: InRooms, body: NewSiteBody) -> SiteResource:
    """Its devices and accounts come after it, and a route that says who reads for it."""
    site = rooms.directory.acting_for(actor.username).add_site(
        body.site_id, body.name, time_zone=body.time_zone, quiet_seconds=body.quiet_seconds
    )
    return SiteResource.of(site)


@router.patch(
    "/sites/{site}",
    summary="Change a site's settings",
    responses=documented(InvalidRequest, NotFound, TooLarge),
)
def change_site(
    actor: AdministeringEverywhere, rooms: InRooms, site: Site, body: SiteChangeBody
) -> SiteResource:
    """What is signed keeps the name and the time zone it was signed with."""
    upkeep = Upkeep(rooms.database, rooms.clock, acting=actor.username)
    upkeep.change_site(site, **body.model_dump())
    return SiteResource.of(rooms.directory.site(site))


@router.post(
    "/sites/{site}/disable", summary="Refuse a site's devices", responses=documented(InvalidRequest, NotFound)
)
def disable_site(actor: AdministeringEverywhere, rooms: InRooms, site: Site) -> SiteResource:
    """From now on; what it sent stays, and is read."""
    rooms.directory.acting_for(actor.username).disable_site(site)
    return SiteResource.of(rooms.directory.site(site))


@router.post(
    "/sites/{site}/enable",
    summary="Admit a site's devices again",
    responses=documented(AlreadyRegistered, InvalidRequest, NotFound),
)
def enable_site(actor: AdministeringEverywhere, rooms: InRooms, site: Site) -> SiteResource:
    """But those that were disabled themselves; refused where another device has taken the place of one."""
    Readmission(rooms.database, rooms.clock, acting=actor.username).enable_site(site)
    return SiteResource.of(rooms.directory.site(site))
