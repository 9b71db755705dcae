"""What a device measured and said, and how the sheet shows it: as the device's."""

from typing import Any

from pydicom.dataset import Dataset

from ecg.annotations import stated
from ecg.heading import device_lines, rate_per_minute


def code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodeMeaning = value, meaning
    return item


def measured(value: str, meaning: str, number: float, unit: str = "ms", **further: Any) -> Dataset:
    item = Dataset()
    item.ConceptNameCodeSequence = [code(value, meaning)]
    item.MeasurementUnitsCodeSequence = [code(unit, unit)]
    item.NumericValue = str(number)
    for keyword, each in further.items():
        setattr(item, keyword, each)
    return item


def said(text: str) -> Dataset:
    item = Dataset()
    item.UnformattedTextValue = text
    return item


def device(*annotations: Dataset) -> Dataset:
    dataset = Dataset()
    dataset.Manufacturer, dataset.ManufacturerModelName = "Mortara", "ELI 250"
    dataset.WaveformAnnotationSequence = list(annotations)
    return dataset


WHOLE = device(
    said("SINUS RHYTHM"),
    said("NORMAL ECG"),
    measured("5.10.2.1-3", "RR Interval", 982),
    measured("5.13.5-7", "PR Interval", 161),
    measured("5.13.5-9", "QRS Duration", 75),
    measured("5.13.5-11", "QT Interval", 368),
    measured("5.10.2.5-5", "QTc Interval", 370),
    measured("5.10.3-11", "P Axis", 74, "deg"),
    measured("5.10.3-13", "QRS Axis", -61, "ms"),
    measured("5.10.2.1-5", "PP Interval", 0),
)


def test_the_devices_lines_say_what_it_is_what_it_measured_and_that_nobody_confirmed_it() -> None:
    assert device_lines(stated(WHOLE)) == [
        "Mortara ELI 250",
        "device: rate 61/min   PR 161 ms   QRS 75 ms   QT 368 ms   QTc 370 ms   axes P 74° QRS -61°",
        "device, unconfirmed: SINUS RHYTHM; NORMAL ECG",
    ]


def test_a_rate_that_the_device_says_goes_before_one_that_follows_from_its_interval() -> None:
    dataset = device(
        measured("2:16770", "Heart rate", 75, "/min"), measured("5.10.2.1-3", "RR Interval", 982)
    )
    assert rate_per_minute(stated(dataset).measurements) == 75


def test_what_is_said_of_one_beat_is_not_said_of_the_whole() -> None:
    of_a_beat = measured(
        "5.13.5-7", "PR Interval", 90, TemporalRangeType="POINT", ReferencedSamplePositions=[10]
    )
    assert stated(device(of_a_beat)).measurements == ()


def test_nothing_said_is_nothing_written_and_rubbish_is_left_out() -> None:
    rubbish = Dataset()
    rubbish.NumericValue = ""
    unknown = measured("x", "QT Interval", 0)
    lines = device_lines(stated(device(rubbish, unknown)))
    assert lines == ["Mortara ELI 250"]
    assert device_lines(stated(Dataset())) == []


def test_a_statement_of_any_length_is_one_line() -> None:
    [_, line] = device_lines(stated(device(said("x" * 1000))))
    assert len(line) == 160
