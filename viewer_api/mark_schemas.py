"""Marks as JSON."""

from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from core.limits import MARKS
from reporting.marks import (
    FURTHEST_POINT,
    LARGEST_VALUE,
    LONGEST_MARK_TEXT,
    MOST_VALUES,
    Mark,
    MarkKind,
    MarkValue,
)
from viewer_api.desk_schemas import GivenUID
from viewer_api.parameters import EXAMPLE_UID, plain_text

_EXAMPLE: Final[JsonDict] = {
    "mark_id": "m1",
    "kind": "length",
    "sop_instance_uid": EXAMPLE_UID,
    "frame": 1,
    "points": [[100.5, 200.0], [180.0, 200.0]],
    "text": "",
    "values": [{"name": "length", "value": 11.4, "unit": "mm"}],
    "window_center": None,
    "window_width": None,
}
_Pixels = Annotated[float, Field(ge=-FURTHEST_POINT, le=FURTHEST_POINT, allow_inf_nan=False)]
_Number = Annotated[float, Field(ge=-LARGEST_VALUE, le=LARGEST_VALUE, allow_inf_nan=False)]
_Text = Annotated[str, AfterValidator(plain_text)]


class MarkValueResource(BaseModel):
    """What was measured, in words and a unit as the reader saw them."""

    model_config = ConfigDict(title="MarkValue", extra="forbid")

    name: _Text = Field(max_length=20, examples=["length"])
    value: _Number
    unit: _Text = Field(max_length=20, examples=["mm"])


class MarkResource(BaseModel):
    """One mark on one frame of one instance. How many points it has follows from its kind."""

    model_config = ConfigDict(title="Mark", extra="forbid", json_schema_extra={"example": _EXAMPLE})

    mark_id: str = Field(pattern="^[A-Za-z0-9_-]{1,40}$", description="The page's own name for it.")
    kind: MarkKind
    sop_instance_uid: GivenUID
    frame: int = Field(ge=1, le=2**31 - 1, description="Counted from 1.")
    points: list[tuple[_Pixels, _Pixels]] = Field(
        default=[], max_length=4, description="Column and row in pixels from the upper left corner."
    )
    text: _Text = Field(default="", max_length=LONGEST_MARK_TEXT, description="A label, or a caption.")
    values: list[MarkValueResource] = Field(default=[], max_length=MOST_VALUES)
    window_center: _Number | None = None
    window_width: _Number | None = Field(default=None, description="How a key image was looked at.")

    def mark(self) -> Mark:
        """Return the mark."""
        values = tuple(MarkValue(**dict(value)) for value in self.values)
        return Mark(**dict(self) | {"points": tuple(self.points), "values": values})

    @classmethod
    def of(cls, mark: Mark) -> Self:
        """Return a mark."""
        values = [MarkValueResource(**vars(value)) for value in mark.values]
        return cls(**vars(mark) | {"points": list(mark.points), "values": values})


class MarksBody(BaseModel):
    """All marks of a study, as they are to be from now on."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"workitem_uid": EXAMPLE_UID, "marks": [_EXAMPLE]}}
    )

    workitem_uid: GivenUID = Field(description="The turn that the reader claimed.")
    marks: list[MarkResource] = Field(max_length=MARKS)


class MarkCollection(BaseModel):
    """The marks of a study; version 0 is before the first. The ETag is the version in quotes."""

    model_config = ConfigDict(
        title="Marks",
        json_schema_extra={"example": {"study_instance_uid": EXAMPLE_UID, "version": 1, "items": [_EXAMPLE]}},
    )

    study_instance_uid: str
    version: int
    items: list[MarkResource]


class SignedMarks(BaseModel):
    """What was drawn into one study when a report was signed."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"study_instance_uid": EXAMPLE_UID, "items": [_EXAMPLE]}}
    )

    study_instance_uid: str
    items: list[MarkResource]


class SignedMarkCollection(BaseModel):
    """What was drawn into the studies of a report when it was signed; nothing of it changes."""

    studies: list[SignedMarks]
