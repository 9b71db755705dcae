"""`imaging-hub ecg`: an ECG file on disk as words, numbers, a drawing and paper."""

import json
import re
from pathlib import Path

import pytest
from PIL import Image
from pydicom.data import get_testdata_file

from core.errors import InvalidInstance, InvalidRequest, TooLarge
from ecg.leads import STANDARD
from hub import ecg_file
from hub.ecg_file import run_ecg
from tests.ecg.formats import long_files
from tests.ecg.formats.aecg_files import aecg, lead
from tests.ecg.formats.written_records import SLOW, WAVE
from viewer_api.ecg_schemas import ECGResource


def written(folder: Path, content: bytes, name: str = "any.name") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def told(path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> ECGResource:
    assert run_ecg(path, as_json=True) == 0
    return ECGResource.model_validate_json(capsysbinary.readouterr().out)


def test_a_file_is_told_in_the_shape_of_the_route(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    body = aecg(lead(digits="1 -2 3"), lead(code="MDC_ECG_LEAD_I", digits="4 5 6")).encode()

    ecg = told(written(tmp_path, body), capsysbinary)

    assert ecg.leads == {"II": [2.5, -5.0, 7.5], "I": [10.0, 12.5, 15.0]}
    assert (ecg.sampling_frequency_hz, ecg.statements_state) == (500, "unconfirmed")


def test_a_dicom_ecg_is_told_with_what_its_device_measured(
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    ecg = told(Path(str(get_testdata_file("waveform_ecg.dcm"))), capsysbinary)

    assert tuple(ecg.leads) == STANDARD
    assert ("MDC_ECG_TIME_PD_PR", 161.0) in {(each.code, each.value) for each in ecg.measurements}
    assert ecg.statements == ["RITMO SINUSALE", "ECG NORMALE"]
    assert ecg.device.model == "el250"


def test_the_sheet_is_drawn_and_printed_at_its_size(tmp_path: Path) -> None:
    svg, pdf, png = (tmp_path / f"out.{form}" for form in ("svg", "pdf", "png"))
    run_ecg(Path(str(get_testdata_file("waveform_ecg.dcm"))), as_json=False, svg=svg, pdf=pdf, png=png)

    drawing = svg.read_text(encoding="utf-8")
    width = re.search(r'width="([0-9.]+)mm"', drawing)
    box = re.search(rb"/MediaBox ?\[0 0 ([0-9.]+) ", pdf.read_bytes())
    assert width is not None
    assert box is not None
    assert float(box[1]) / 72 * 25.4 == pytest.approx(float(width[1]), abs=0.1)
    with Image.open(png) as picture:
        assert picture.width / picture.info["dpi"][0] * 25.4 == pytest.approx(float(width[1]), abs=0.1)
    assert "device, unconfirmed: RITMO SINUSALE" in drawing


def test_without_an_option_it_says_what_the_file_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_ecg(written(tmp_path, aecg().encode()), as_json=False)

    said = capsys.readouterr().out
    assert "李明   P7   F   1960-02-29" in said
    assert "RHYTHM: 0.006 s at 500 Hz: II" in said


def test_a_record_is_read_with_its_signals_beside_it(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    header, signals = long_files.wfdb([WAVE, SLOW])
    kept = written(tmp_path, signals, "kept elsewhere")
    (tmp_path / "rec.dat").symlink_to(kept)

    ecg = told(written(tmp_path, header, "rec.hea"), capsysbinary)

    assert ecg.leads["V1"] == pytest.approx((SLOW - 3) / 4)


@pytest.mark.parametrize("content", [b"", b"no ECG", b"%PDF-1.4", b"\0" * 128 + b"DICM", b"<AnnotatedECG/>"])
def test_what_cannot_be_read_is_said(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InvalidInstance):
        run_ecg(written(tmp_path, content), as_json=True)


@pytest.mark.parametrize("form", ["svg", "pdf", "png"])
def test_what_cannot_be_written_is_said_with_its_path_and_the_reason(tmp_path: Path, form: str) -> None:
    out = tmp_path / "nowhere" / f"sheet.{form}"
    with pytest.raises(InvalidRequest) as refused:
        run_ecg(written(tmp_path, aecg().encode()), as_json=False, **{form: out})
    assert str(refused.value) == f"{out} cannot be written: No such file or directory."


def test_a_file_that_is_too_long_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ecg_file, "FOREIGN_FILE_LIMIT", 10)
    with pytest.raises(TooLarge):
        run_ecg(written(tmp_path, aecg().encode()), as_json=True)


def test_the_json_is_one_line(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    run_ecg(written(tmp_path, aecg().encode()), as_json=True)
    out = capsysbinary.readouterr().out
    assert out.count(b"\n") == 1
    json.loads(out)
