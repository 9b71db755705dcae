"""Drafts, and what a reader sends to sign, add or amend, as JSON."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from reporting.desk import LONGEST_TEXT
from reporting.report import Draft, KeptDraft
from viewer_api import report_examples
from viewer_api.parameters import EXAMPLE_SEEN, EXAMPLE_UID, plain_text
from viewer_api.turn_schemas import ReasonText

# The rooms hold the limits and say so in a sentence; here they are only told in advance.
ReportText = Annotated[str, AfterValidator(plain_text), Field(json_schema_extra={"maxLength": LONGEST_TEXT})]
SEEN = "What the reader's page was given: the case's `instances_seen`, asked for before the images."
SeenText = Annotated[str | None, AfterValidator(lambda text: text and plain_text(text))]
GivenUID = Annotated[str, AfterValidator(plain_text), Field(examples=[EXAMPLE_UID])]


class DraftBody(BaseModel):
    """What the reader has written so far."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"workitem_uid": EXAMPLE_UID, **report_examples.WORDS}}
    )

    workitem_uid: GivenUID = Field(description="The turn that the reader claimed.")
    findings: ReportText
    impression: ReportText


class DraftResource(BaseModel):
    """The draft of a case; version 0 is the empty page. Its ETag is the version in quotes."""

    model_config = ConfigDict(title="Draft", json_schema_extra={"example": report_examples.DRAFT})

    case_id: str
    version: int
    findings: str
    impression: str
    written_at: datetime | None

    @classmethod
    def of(cls, draft: Draft) -> Self:
        """Return a draft."""
        return cls(**vars(draft))


class KeptDraftResource(BaseModel):
    """Words that came too late to be the draft."""

    model_config = ConfigDict(title="KeptDraft")

    kept_key: str
    workitem_uid: str = Field(description="The turn for which they were written.")
    findings: str
    impression: str
    written_at: datetime
    reason: str = Field(description="Why they are not the draft.")

    @classmethod
    def of(cls, kept: KeptDraft) -> Self:
        """Return what was kept."""
        return cls(**vars(kept))


class KeptDraftCollection(BaseModel):
    """One reader's own words that were kept aside, newest first."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [report_examples.KEPT_DRAFT]}})

    items: list[KeptDraftResource]


class SignBody(BaseModel):
    """Sign the draft whose ETag is in If-Match."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"workitem_uid": EXAMPLE_UID, "instances_seen": EXAMPLE_SEEN, "status": "final"}
        },
    )

    workitem_uid: GivenUID = Field(description="The turn that the reader claimed; a final report ends it.")
    instances_seen: SeenText = Field(default=None, description=SEEN)
    status: Literal["final", "preliminary"] = "final"


class AddendumBody(BaseModel):
    """New text beside a final report, which itself never changes."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"findings": "", "impression": "左侧。", "reason": "侧别写反"}},
    )

    findings: ReportText = ""
    impression: ReportText
    reason: ReportText = Field(description="Why it is needed.")


class AmendmentBody(BaseModel):
    """The whole text that stands in place of a final report, which stays readable as it was signed."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                **report_examples.WORDS,
                "reason": "侧别写反",
                "instances_seen": EXAMPLE_SEEN,
            }
        },
    )

    findings: ReportText
    impression: ReportText
    reason: ReasonText = Field(description="Why it is needed.")
    instances_seen: SeenText = Field(default=None, description=SEEN)
