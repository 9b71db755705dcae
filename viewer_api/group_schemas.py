"""Reading groups and what they read, as JSON."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from core.access import Route
from registry.directory import ReadingGroup
from viewer_api.parameters import plain_text

_ROUTE: Final[JsonDict] = {"site_id": "xinglong-clinic", "modality": "ECG"}
_EXAMPLE: Final[JsonDict] = {
    "reading_group_id": "county-ecg",
    "name": "县医院心电诊断中心",
    "routes": [_ROUTE],
    "disabled_at": None,
}
# The register holds the limits and says so in a sentence; here they are only told in advance.
Text = Annotated[str, AfterValidator(plain_text), Field(json_schema_extra={"maxLength": 200})]


class RouteBody(BaseModel):
    """What a group reads: one modality of a site, or all of it."""

    model_config = ConfigDict(title="Route", extra="forbid", json_schema_extra={"example": _ROUTE})

    site_id: Text
    modality: Text | None = Field(default=None, description="Null for every modality.")

    def route(self, reading_group_id: str) -> Route:
        """Return it as the register has it."""
        modality = (self.modality or "").strip().upper() or None
        return Route(reading_group_id=reading_group_id, site_id=self.site_id, modality=modality)


class GroupResource(BaseModel):
    """Physicians who read what routes give them."""

    model_config = ConfigDict(title="ReadingGroup", json_schema_extra={"example": _EXAMPLE})

    reading_group_id: str
    name: str = Field(description="As it stands on reports.")
    routes: list[RouteBody]
    disabled_at: datetime | None

    @classmethod
    def of(cls, group: ReadingGroup, routes: Iterable[Route]) -> Self:
        """Return one with those of the routes that are its own."""
        return cls(
            reading_group_id=group.reading_group_id,
            name=group.name,
            routes=[
                RouteBody(site_id=route.site_id, modality=route.modality)
                for route in routes
                if route.reading_group_id == group.reading_group_id
            ],
            disabled_at=group.disabled_at,
        )


class GroupCollection(BaseModel):
    """Every reading group, disabled ones too."""

    model_config = ConfigDict(title="ReadingGroups", json_schema_extra={"example": {"items": [_EXAMPLE]}})

    items: list[GroupResource]


class NewGroupBody(BaseModel):
    """A reading group to be registered."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"reading_group_id": "county-ecg", "name": "县医院心电诊断中心"}},
    )

    reading_group_id: Text = Field(description="1 to 32 characters of a-z, 0-9 and -; it never changes.")
    name: Text
