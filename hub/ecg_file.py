"""`imaging-hub ecg`: any ECG file as numbers, as the sheet at true scale, or on paper; without a server."""

import io
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from core.errors import InvalidInstance, InvalidRequest, TooLarge
from core.limits import FOREIGN_FILE_LIMIT
from ecg.annotations import Stated
from ecg.document import EcgDocument, EcgFormat, EcgPatient
from ecg.recording import Recording
from storage.companion_files import companions_of, files_beside

_SHOWN: Final = (
    ("PatientName", "PatientID", "PatientSex", "PatientBirthDate"),
    ("AcquisitionDateTime", "StudyDescription"),
)
"""Of a DICOM object, line by line above the sheet."""


def run_ecg(
    file: Path, *, as_json: bool, svg: Path | None = None, pdf: Path | None = None, png: Path | None = None
) -> int:
    """Write what is asked for; without any of it tell in words what the file holds.

    Raises:
        InvalidInstance: it is no ECG, or cannot be read.
        InvalidRequest: what is asked for cannot be written there.
    """
    recording, stated, lines = read(file)
    if as_json:
        from ecg.telling import told

        sys.stdout.buffer.write(told(recording, stated) + b"\n")
    drawing = drawn(recording, stated, lines) if svg or pdf or png else ""
    if svg:
        _write(svg, drawing.encode())
    if pdf or png:
        from reporting.ecg_sheet import MOST_DPI, sheet_pdf, sheet_png

        if pdf:
            _write(pdf, sheet_pdf(drawing))
        if png:
            _write(png, sheet_png(drawing, MOST_DPI))
    if not (as_json or drawing):
        _tell(recording, stated, lines)
    return 0


def read(file: Path) -> tuple[Recording, Stated, list[str]]:
    """Return the recording to read, what its device said, and lines about the person and the time.

    Raises:
        InvalidInstance: it is no ECG, or cannot be read; the words say why.
        TooLarge: it is longer than an ECG file is.
    """
    from ecg.formats.recognition import HEAD, recognise

    try:
        if file.stat().st_size > FOREIGN_FILE_LIMIT:
            raise TooLarge(f"An ECG file has at most {FOREIGN_FILE_LIMIT} bytes.")
        content = file.read_bytes()
        kind = recognise(content[:HEAD], file.name)
        files = files_beside(file, follow_links=True) if kind is EcgFormat.WFDB else {}
        beside = companions_of(file.name, files)
    except OSError as error:
        raise InvalidInstance(f"{file} cannot be read.") from error
    if kind is EcgFormat.DICOM:
        return _of_dicom(content)
    if kind is EcgFormat.PDF:
        raise InvalidInstance("A PDF holds a drawing and no samples.")
    return _of_file(content, beside, file.name)


def drawn(recording: Recording, stated: Stated, lines: list[str]) -> str:
    """Return the sheet at true scale."""
    from ecg.heading import device_lines
    from ecg.paper import PaperSettings, svg

    return svg(recording, PaperSettings(), [*lines, *device_lines(stated)])


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise InvalidRequest(f"{path} cannot be written: {error.strerror}.") from error


def _of_file(content: bytes, beside: Mapping[str, bytes], name: str) -> tuple[Recording, Stated, list[str]]:
    from ecg.formats.recognition import read_file
    from ecg.recording import rhythm

    document = read_file(content, beside, name)
    if not document.recordings:
        raise InvalidInstance("The file holds no samples.")
    recording = rhythm(tuple(each.drawable() for each in document.recordings))
    stated = Stated(
        device=document.device,
        measurements=document.measurements,
        statements=document.statements,
        confirmed_by=document.confirmed_by,
    )
    oddities = tuple(dict.fromkeys((*document.oddities, *recording.oddities)))
    return replace(recording, oddities=oddities), stated, _lines(document)


def _of_dicom(content: bytes) -> tuple[Recording, Stated, list[str]]:
    import warnings

    from pydicom import dcmread

    from ecg.annotations import stated
    from ecg.dataset_values import text_of
    from ecg.recording import rhythm
    from ecg.waveform import recordings
    from imaging.decoding import DECODER_ERRORS

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a device wrote wrong is told as an oddity, not on the way
            dataset = dcmread(io.BytesIO(content))
            recording = rhythm(recordings(dataset))
            lines = ["   ".join(filter(None, (text_of(dataset, name) for name in line))) for line in _SHOWN]
            return recording, stated(dataset), [line for line in lines if line]
    except DECODER_ERRORS as error:
        raise InvalidInstance("Its data set cannot be read.") from error


def _lines(document: EcgDocument) -> list[str]:
    at = document.recorded_at
    lines = [_person(document.patient), f"{at:%Y-%m-%d %H:%M:%S}" if at else ""]
    return [line for line in lines if line]


def _person(patient: EcgPatient) -> str:
    born = patient.birth_date.isoformat() if patient.birth_date else ""
    return "   ".join(filter(None, (patient.name, patient.patient_id, patient.sex, born)))


def _tell(recording: Recording, stated: Stated, lines: list[str]) -> None:
    from ecg.heading import device_lines

    leads = " ".join(lead.name for lead in recording.leads)
    size = f"{recording.seconds:g} s at {recording.sampling_frequency_hz:g} Hz"
    told = [*lines, f"{recording.label or 'recording'}: {size}: {leads}", *device_lines(stated)]
    told += [f"odd: {oddity}" for oddity in recording.oddities]
    sys.stdout.write("".join(f"{line}\n" for line in told))
