"""Where an instance came from: the door, the site that owns it, and who brought it."""

from dataclasses import dataclass
from enum import StrEnum


class OriginKind(StrEnum):
    """The door an instance came through."""

    DEVICE = "device"
    ACCOUNT = "account"
    IMPORT = "import"
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
