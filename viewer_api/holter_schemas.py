"""A long electrocardiogram at a glance, as JSON."""

from dataclasses import asdict

from pydantic import BaseModel, Field

from renditions.holter import Overview


class MinuteResource(BaseModel):
    """One minute with beats in it."""

    number: int = Field(description="From the begin of the recording, the first is 0.")
    beats: int
    lowest: float = Field(description="Beats a minute, of the longest interval between two.")
    median: float
    highest: float


class OverviewResource(BaseModel):
    """Computed by the hub from one lead; a minute without beats is missing."""

    seconds: float = Field(description="How long the recording lasts.")
    lead: str = Field(description="In which the beats were found.")
    beats: int
    minutes: list[MinuteResource]
    recorded_at: str = Field(description="Acquisition DateTime (0008,002A) of the device, or empty.")

    @classmethod
    def of(cls, overview: Overview) -> "OverviewResource":
        """Return an overview as it goes out."""
        return cls(**asdict(overview))
