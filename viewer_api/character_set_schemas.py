"""What was decided about how each source writes its text, as it goes over HTTP."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from core.origin import OriginKind
from storage.character_set_decision import CharacterSetDecision
from storage.character_sets import LONGEST_LABEL, READABLE_AS
from viewer_api.parameters import EXAMPLE_KEY, plain_text


class CharacterSetBody(BaseModel):
    """How text of one source under one label is to be read from now on."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "site_id": "xinglong-clinic",
                "origin_kind": "device",
                "source": EXAMPLE_KEY,
                "declared": "ISO_IR 100",
                "encoding": "GB18030",
            }
        },
    )

    site_id: Annotated[str, AfterValidator(plain_text)] = Field(max_length=32)
    origin_kind: OriginKind = Field(description="device, account, import or prior.")
    source: Annotated[str, AfterValidator(plain_text)] = Field(
        max_length=64, description="Key of the device or account."
    )
    declared: Annotated[str, AfterValidator(plain_text)] = Field(
        max_length=LONGEST_LABEL, description="(0008,0005) as it is sent; empty for none."
    )
    encoding: str = Field(
        max_length=16, description=f"How to read it: {', '.join(READABLE_AS)}.", examples=["GB18030"]
    )


class CharacterSetResource(BaseModel):
    """A decision, the hub's or a person's."""

    model_config = ConfigDict(title="CharacterSetDecision")

    decision_id: str
    site_id: str
    origin_kind: str
    source: str
    declared: str
    encoding: str
    decided_by: str = Field(description="Who decided: a user, or `hub` by the text itself.")
    is_set_by_person: bool
    texts: int = Field(description="Values that spoke for it when the hub decided.")
    characters: int = Field(description="Characters in them.")
    decided_at: datetime

    @classmethod
    def of(cls, decision: CharacterSetDecision) -> Self:
        """Return one decision."""
        return cls(**vars(decision))


class CharacterSetCollection(BaseModel):
    """A page of decisions, by site, source and label."""

    model_config = ConfigDict(title="CharacterSetDecisions")

    items: list[CharacterSetResource]
