"""Where an instance came from: the door, the site that owns it, and who brought it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from core.access import Act, Actor


class OriginKind(StrEnum):
    """The door an instance came through."""

    DEVICE = "device"
    ACCOUNT = "account"
    IMPORT = "import"
    PRIOR = "prior"
    """An import of what was read elsewhere long ago."""
    HUB = "hub"
    SELF_TEST = "self-test"


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The site comes from the registration of the device or account, never from the data set.

    `source` is the key of the device or account, or the command that imported. `brought_by` is how the audit
    names whoever brought it, and `granted_by` the role and place that allowed it.
    """

    kind: OriginKind
    site_id: str
    source: str
    brought_by: str = ""
    granted_by: str = ""

    @classmethod
    def of_account(cls, actor: Actor, site_id: str) -> Self:
        """Return the origin of what somebody with an account brings to a site."""
        return cls(
            kind=OriginKind.ACCOUNT,
            site_id=site_id,
            source=actor.account_id,
            brought_by=actor.username,
            granted_by=actor.granted_by(Act.STORE, site_id),
        )
