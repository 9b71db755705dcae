"""An electrocardiogram as JSON."""

from pydantic import BaseModel, ConfigDict, Field


class ECGResource(BaseModel):
    """Leads in microvolts on one clock."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "label": "RHYTHM",
                "sampling_frequency_hz": 500.0,
                "begins_at_seconds": 0.0,
                "leads": {"I": [12.5, 15.0, None], "aVR": [-10.0, -12.5, -12.5]},
                "oddities": [],
            }
        }
    )

    label: str = Field(description="Multiplex Group Label (003A,0020), empty where the device says nothing.")
    sampling_frequency_hz: float
    begins_at_seconds: float = Field(description="Where in the recording the first sample lies.")
    leads: dict[str, list[float | None]] = Field(
        description="Microvolts of each lead by name; null where nothing was recorded."
    )
    oddities: list[str] = Field(description="What was not as it should be, in words.")
