"""ECG files as parsers give them out, made for a test."""

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecg.document import (
    DigitalLead,
    DigitalRecording,
    EcgDevice,
    EcgDocument,
    EcgFormat,
    EcgPatient,
    Measurement,
)
from ecg.leads import STANDARD

RECEIVED_AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
DIGEST = "ab" * 32


def beats(count: int, seed: int = 0, *, most: int = 900) -> NDArray[Any]:
    """Return whole numbers that are no line."""
    return np.random.default_rng(seed).integers(-most, most, count)


def recorded(
    names: tuple[str, ...] = STANDARD, *, count: int = 100, frequency: float = 500, **of_leads: Any
) -> DigitalRecording:
    """Return leads of different samples."""
    values = {"microvolts_per_unit": 4.88} | of_leads
    return DigitalRecording(
        label=values.pop("label", "RHYTHM"),
        sampling_frequency_hz=frequency,
        leads=tuple(
            DigitalLead(
                name=name, samples=values.get("samples", beats(count, seed)), **_without_samples(values)
            )
            for seed, name in enumerate(names)
        ),
    )


def document(*recordings: DigitalRecording, **values: Any) -> EcgDocument:
    """Return a file of a patient with a Chinese name, measured and read by its device."""
    return EcgDocument(
        **{
            "format": EcgFormat.SCP_ECG,
            "recordings": recordings or (recorded(),),
            "patient": EcgPatient(
                patient_id="E-17", name="Li^Yun=李^運", birth_date=date(1961, 2, 3), sex="F", age_years=65.1
            ),
            "device": EcgDevice(manufacturer="Cart", model="C-3", serial_number="0815"),
            "recorded_at": datetime(2026, 3, 1, 16, 25, 10),  # noqa: DTZ001 - a device's clock
            "measurements": (
                Measurement(code="MDC_ECG_TIME_PD_PR", meaning="PR interval", value=162, unit="ms"),
                Measurement(code="", meaning="ST at J+60", value=-120.5, unit="uV", lead="V3"),
            ),
            "statements": ("窦性心律", "Normal ECG"),
        }
        | values
    )


def _without_samples(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != "samples"}
