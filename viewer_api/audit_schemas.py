"""The audit as it is shown to auditors."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from database.audit import AuditEvent, AuditRecord

_EXAMPLE: Final[JsonDict] = {
    "audit_number": 1207,
    "at": "2026-11-20T08:31:12Z",
    "event": "DICOM Instances Accessed",
    "action": "retrieve",
    "outcome": "success",
    "actor": "li.na",
    "actor_name": "李娜",
    "granted_by": "reader in county-hospital",
    "site_id": "xinglong-clinic",
    "study_instance_uid": "2.25.329800735698586629295641978511506172",
    "subject": "",
}


class AuditResource(BaseModel):
    """One act or look."""

    model_config = ConfigDict(title="AuditRecord", json_schema_extra={"example": _EXAMPLE})

    audit_number: int = Field(description="Its place in the record.")
    at: datetime
    event: AuditEvent = Field(description="PS3.15 A.5.3.")
    action: str
    outcome: str
    actor: str = Field(description="A user, a device, a console, or `hub`.")
    actor_name: str = Field(
        description="What the user or device is called; empty where nobody is registered."
    )
    granted_by: str = Field(description="The role and place that allowed it.")
    site_id: str = Field(description="Empty for what belongs to no site.")
    study_instance_uid: str
    subject: str = Field(description="Key or UID of what it was about.")

    @classmethod
    def of(cls, number: int, record: AuditRecord, names: Mapping[str, str]) -> Self:
        """Return one record, with the name of who acted."""
        return cls(audit_number=number, actor_name=names.get(record.actor, ""), **vars(record))


class AuditCollection(BaseModel):
    """What was done, oldest first."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [_EXAMPLE], "next_after": None}})

    items: list[AuditResource]
    next_after: int | None = Field(description="Send it as `after` for what follows; null at the end.")
