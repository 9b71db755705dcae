"""What is kept aside, as JSON."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from core.text import LONGEST_REASON
from storage.header_comparison import Look
from storage.instance import AsideReason, KeptAside, Settlement, StoredInstance, StoreOutcome
from storage.shelf import Alarm, AlarmKind
from viewer_api.parameters import plain_text

Reason = Annotated[
    str, AfterValidator(plain_text), Field(json_schema_extra={"minLength": 1, "maxLength": LONGEST_REASON})
]


class DecisionBody(BaseModel):
    """Why a person decides so; it is kept with the decision."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


class KeptAsideResource(BaseModel):
    """Bytes that arrived and are durable, though not under their UID in the archive."""

    model_config = ConfigDict(title="KeptAside")

    kept_key: str
    reason: AsideReason = Field(
        description="Another data set under its UID, another patient under its study, or not indexable."
    )
    detail: str = Field(description="What was wrong with it, without a word about the patient.")
    site_id: str
    study_instance_uid: str = Field(description="Empty where it has none that could be read.")
    sop_instance_uid: str
    transfer_syntax_uid: str
    size: int
    digest: str = Field(description="SHA-256 of its data set.")
    source: str = Field(description="Key of the device or account that sent it.")
    received_at: datetime
    settled_at: datetime | None = Field(description="When a person decided; null while it waits.")
    settled_as: Settlement | None
    settled_by: str | None
    settled_reason: str | None
    bytes_deleted_at: datetime | None = Field(description="When the bytes of a discarded one went.")
    links: dict[str, str]

    @classmethod
    def of(cls, kept: KeptAside) -> Self:
        """Return one."""
        values = {name: value for name, value in vars(kept).items() if name in cls.model_fields}
        base = f"/api/v1/kept-aside/{kept.kept_key}"
        acts = ("look", "file", "readmit", "keep-apart", "discard", "reopen")
        return cls(**values, links={"self": base} | {act: f"{base}/{act}" for act in acts})


class KeptAsideCollection(BaseModel):
    """A page of what is kept aside, newest first."""

    items: list[KeptAsideResource]


class ComparedElementResource(BaseModel):
    """One element of what is kept aside and of what is held in its place; text, never markup."""

    model_config = ConfigDict(title="ComparedElement")

    tag: str
    keyword: str
    kept: str | None
    held: str | None
    differs: bool


class LookResource(BaseModel):
    """The header of what is kept aside, beside that of what is held in its place."""

    model_config = ConfigDict(title="Look")

    kept_aside: KeptAsideResource
    held_sop_instance_uid: str | None = Field(description="Null where nothing is held in its place.")
    problem: str = Field(description="Why it cannot be read any further; empty where it can.")
    elements: list[ComparedElementResource]

    @classmethod
    def of(cls, look: Look) -> Self:
        """Return what is to be seen."""
        return cls(
            kept_aside=KeptAsideResource.of(look.kept),
            held_sop_instance_uid=look.held.sop_instance_uid if look.held else None,
            problem=look.problem,
            elements=[
                ComparedElementResource(**vars(element), differs=element.differs) for element in look.elements
            ],
        )


class ReadmittedResource(BaseModel):
    """What became of something that was let in."""

    model_config = ConfigDict(title="Readmitted")

    outcome: StoreOutcome
    site_id: str
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str

    @classmethod
    def of(cls, stored: StoredInstance) -> Self:
        """Return the archive's receipt."""
        return cls(**{name: getattr(stored, name) for name in cls.model_fields})


class AlarmResource(BaseModel):
    """Something that an administrator has to see to."""

    model_config = ConfigDict(title="Alarm")

    kind: AlarmKind | Literal["unread-cases"]
    site_id: str
    detail: str

    @classmethod
    def of(cls, alarm: Alarm) -> Self:
        """Return one."""
        return cls(**vars(alarm))

    @classmethod
    def of_unread(cls, site_id: str, number: int) -> Self:
        """Return that nobody can read some cases of a site."""
        return cls(kind="unread-cases", site_id=site_id, detail=f"Open cases that nobody can read: {number}.")


class AlarmCollection(BaseModel):
    """What cannot wait."""

    items: list[AlarmResource]
