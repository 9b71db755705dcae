"""An electrocardiogram as JSON."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ECGDeviceResource(BaseModel):
    """What recorded an ECG."""

    model_config = ConfigDict(title="ECGDevice")

    manufacturer: str
    model: str
    serial_number: str
    software: str
    institution: str


class ECGMeasurementResource(BaseModel):
    """What a device measured."""

    model_config = ConfigDict(title="ECGMeasurement")

    code: str = Field(description="Of MDC or the object's own, empty where there are only words.")
    meaning: str
    value: float
    unit: str = Field(description="Of UCUM: ms, uV, /min, deg.")
    lead: str = Field(description="Empty for all leads together.")


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
                "device": {
                    "manufacturer": "Mortara Instrument, Inc.",
                    "model": "ELI250",
                    "serial_number": "",
                    "software": "5.3",
                    "institution": "",
                },
                "measurements": [
                    {
                        "code": "MDC_ECG_TIME_PD_PR",
                        "meaning": "PR interval",
                        "value": 162,
                        "unit": "ms",
                        "lead": "",
                    }
                ],
                "statements": ["Sinus rhythm"],
                "statements_state": "unconfirmed",
                "confirmed_by": "",
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
    device: ECGDeviceResource
    measurements: list[ECGMeasurementResource] = Field(description="What the device measured, not the hub.")
    statements: list[str] = Field(description="The device's own interpretation, a sentence each.")
    statements_state: Literal["unconfirmed", "confirmed"]
    confirmed_by: str = Field(description="Who confirmed the statements, as far as a file says.")
