"""Sites and their settings as JSON."""

from datetime import datetime
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from registry.directory import DEFAULT_QUIET_SECONDS, DEFAULT_TIME_ZONE, Site
from viewer_api.parameters import plain_text

_EXAMPLE: Final[JsonDict] = {
    "site_id": "xinglong-clinic",
    "name": "兴隆镇卫生院",
    "time_zone": "Asia/Shanghai",
    "quiet_seconds": 60,
    "is_self_test": False,
    "created_at": "2026-11-20T08:00:00Z",
    "disabled_at": None,
}
# The register holds the limits and says so in a sentence; here they are only told in advance.
Text = Annotated[str, AfterValidator(plain_text), Field(json_schema_extra={"maxLength": 200})]
Quiet = Annotated[
    int, Field(description="A study is complete after so many seconds without an image: 0 to 3600.")
]


class SiteResource(BaseModel):
    """A place that owns what its devices and accounts send."""

    model_config = ConfigDict(title="Site", json_schema_extra={"example": _EXAMPLE})

    site_id: str
    name: str = Field(description="As it stands on reports.")
    time_zone: str
    quiet_seconds: int
    is_self_test: bool
    created_at: datetime
    disabled_at: datetime | None = Field(description="Since when its devices are refused.")

    @classmethod
    def of(cls, site: Site) -> Self:
        """Return one."""
        return cls(**vars(site))


class SiteCollection(BaseModel):
    """Every site, disabled ones too."""

    model_config = ConfigDict(title="Sites", json_schema_extra={"example": {"items": [_EXAMPLE]}})

    items: list[SiteResource]


class SiteNameResource(BaseModel):
    """What people call a site."""

    model_config = ConfigDict(
        title="SiteName",
        json_schema_extra={
            "example": {"site_id": "xinglong-clinic", "name": "兴隆镇卫生院", "is_in_use": True}
        },
    )

    site_id: str
    name: str
    is_in_use: bool = Field(description="False of a disabled site, and of the one for self-tests.")


class SiteNameCollection(BaseModel):
    """The sites that an account sees anything of."""

    model_config = ConfigDict(title="SiteNames")

    items: list[SiteNameResource]


class NewSiteBody(BaseModel):
    """A site to be registered."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"site_id": "xinglong-clinic", "name": "兴隆镇卫生院"}},
    )

    site_id: Text = Field(description="1 to 32 characters of a-z, 0-9 and -; it never changes.")
    name: Text
    time_zone: Text = DEFAULT_TIME_ZONE
    quiet_seconds: Quiet = DEFAULT_QUIET_SECONDS


class SiteChangeBody(BaseModel):
    """What is to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"quiet_seconds": 30}})

    name: Text | None = None
    time_zone: Text | None = None
    quiet_seconds: Quiet | None = None
