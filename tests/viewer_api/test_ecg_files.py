"""ECG files at the doors of HTTP: stored as instances, on the list at once, drawn, and given out again."""

import hashlib
import io
import zipfile
from typing import Any

import numpy as np
import pytest

from core.access import EVERY_SITE
from ecg.leads import STANDARD
from storage.aside_records import AsideFilter
from storage.query import Query
from storage.sweep import sweep
from tests.ecg.documents import beats
from tests.ecg.formats import scp_files as scp
from tests.ecg.formats.aecg_files import aecg, lead
from tests.ecg.formats.test_scp import simple
from tests.fixtures.consultation import XINGLONG, at_site
from tests.fixtures.reading_over_http import Reading
from tests.viewer_api.conftest import Edge
from tests.viewer_api.test_upload_routes import begin, send
from viewer_api.stow_parts import ECG_FILES

LEADS = [" ".join(map(str, beats(600, seed))) for seed in range(len(STANDARD))]
FILE = aecg(
    *(
        lead(code=f"MDC_ECG_LEAD_{name.upper()}", digits=digits)
        for name, digits in zip(STANDARD, LEADS, strict=True)
    )
).encode()
BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><AnnotatedECG>&a;</AnnotatedECG>'


def uploaded(edge: Edge, body: bytes = FILE, name: str = "ecg 李.xml") -> dict[str, Any]:
    answer = send(edge, begin(edge, body, name=name), 1, body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def address(told: dict[str, Any]) -> str:
    return f"/api/v1/studies/{told['study_instance_uid']}/instances/{told['sop_instance_uid']}"


def stow(edge: Edge, body: bytes, media_type: str) -> Any:
    whole = b"--x\r\nContent-Type: %s\r\n\r\n%s\r\n--x--\r\n" % (media_type.encode(), body)
    return edge.client("technician").post(
        "/dicom-web/studies",
        content=whole,
        headers={"Content-Type": f'multipart/related; type="{media_type}"; boundary=x'},
    )


def test_an_uploaded_file_is_a_claimable_case_at_once_and_drawn_with_its_own_numbers(edge: Edge) -> None:
    told = uploaded(edge)
    assert told["state"] == "stored"

    edge.consultation.take_in()
    case = edge.consultation.case(told["study_instance_uid"])
    assert (case.modality, case.is_arriving) == ("ECG", False)
    reader = edge.client("reader")
    leads = reader.get(f"{address(told)}/ecg").json()["leads"]
    assert tuple(leads) == STANDARD
    for name, digits in zip(STANDARD, LEADS, strict=True):
        assert np.allclose(leads[name], 2.5 * np.array(digits.split(), dtype=float))
    assert "<svg" in reader.get(f"{address(told)}/ecg.svg").text
    [study] = edge.rooms.archive.search_studies(Query(), visible_to=EVERY_SITE)
    assert (study.patient_id, study.modalities_in_study) == ("P7", ("ECG",))


@pytest.mark.parametrize("body", [FILE, scp.scp(simple())], ids=["HL7 aECG", "SCP-ECG"])
def test_a_file_is_uploaded_listed_drawn_and_read(edge: Edge, body: bytes) -> None:
    told = uploaded(edge, body)
    edge.consultation.take_in()
    reader = edge.client("reader")

    [line] = reader.get("/api/v1/worklist").json()["items"]
    assert (line["study_instance_uid"], line["is_arriving"]) == (told["study_instance_uid"], False)
    assert line["identity_to_be_confirmed"] is (body is not FILE)
    reading = Reading(edge)
    case = reading.claim("reader", edge.consultation.case(told["study_instance_uid"]))
    ecg = reader.get(f"{address(told)}/ecg").json()
    assert {"I", "V1"} <= set(ecg["leads"])
    assert ecg["statements_state"] == "unconfirmed"
    assert reader.get(f"{address(told)}/ecg.svg").status_code == 200
    reading.save("reader", case, 0)
    signed = reading.sign("reader", case, 1)
    assert signed.status_code == 201, signed.text


def test_the_file_is_had_again_as_it_came(edge: Edge) -> None:
    told = uploaded(edge)

    answer = edge.client("reader").get(f"{address(told)}/original")

    assert answer.content == FILE
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''ecg%20%E6%9D%8E.xml"
    assert edge.client("reader").get(f"{address(told)}/original?number=2").status_code == 404


def test_a_study_tells_which_files_it_was_made_of(edge: Edge) -> None:
    told = uploaded(edge)
    reader = edge.client("reader")

    [file] = reader.get(f"/api/v1/studies/{told['study_instance_uid']}/originals").json()["items"]

    assert (file["sop_instance_uid"], file["number"]) == (told["sop_instance_uid"], 1)
    assert (file["name"], file["kind"], file["size"]) == ("ecg 李.xml", "HL7 aECG", len(FILE))
    assert reader.get(file["link"]).content == FILE
    assert reader.get("/api/v1/studies/1.2.3.4/originals").status_code == 404
    edge.consultation.take_in()
    [arrival] = edge.client("technician").get("/api/v1/arrivals").json()["items"]
    assert arrival["original"] == file["link"]


def test_the_same_file_again_is_held_already_whatever_it_is_called(edge: Edge) -> None:
    told, again = uploaded(edge), uploaded(edge, name="other")

    assert again["state"] == "held-already"
    assert again["sop_instance_uid"] == told["sop_instance_uid"]


def test_what_was_made_of_files_and_the_files_are_left_by_the_sweep(edge: Edge) -> None:
    told = uploaded(edge)
    clock = edge.consultation.clock
    clock.advance(days=9)

    report = sweep(
        edge.rooms.archive,
        now=clock.now(),
        grace=clock.now() - clock.now(),
        named_elsewhere=lambda _: set(),
    )

    assert report.orphans_deleted == 0
    assert edge.client("reader").get(f"{address(told)}/original").content == FILE


@pytest.mark.parametrize("body", [FILE[:-300], BOMB, b"<AnnotatedECG/>"])
def test_what_cannot_be_read_lies_in_quarantine_with_a_clear_problem(edge: Edge, body: bytes) -> None:
    told = uploaded(edge, body)

    assert told["state"] == "quarantined"
    assert "HL7 aECG: " in told["words"]
    [kept] = edge.rooms.shelf.items(at_site("admin"), AsideFilter())
    assert kept.detail.startswith("HL7 aECG: ")
    assert kept.digest == hashlib.sha256(body).hexdigest()


def test_files_in_a_zip_are_taken_like_others(edge: Edge) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a/one.xml", FILE)
    upload = begin(edge, packed.getvalue())
    send(edge, upload, 1, packed.getvalue())

    assert edge.rooms.uploads._intake.unpack()

    [study] = edge.rooms.archive.search_studies(Query(), visible_to=EVERY_SITE)
    assert study.modalities_in_study == ("ECG",)


@pytest.mark.parametrize("media_type", sorted(ECG_FILES))
def test_stow_takes_files_under_any_of_their_media_types(edge: Edge, media_type: str) -> None:
    answer = stow(edge, FILE, media_type)

    assert answer.status_code == 200, answer.text
    assert len(edge.rooms.archive.search_studies(Query(), visible_to=EVERY_SITE)) == 1


def test_stow_says_that_a_file_is_none_and_keeps_it_aside(edge: Edge) -> None:
    answer = stow(edge, BOMB, "application/xml")

    assert answer.status_code == 409
    assert len(edge.rooms.shelf.items(at_site("admin"), AsideFilter())) == 1


def test_a_pdf_is_kept_as_a_document_of_an_ecg(edge: Edge) -> None:
    pdf = b"%PDF-1.4\n% an ECG"
    told = uploaded(edge, pdf)

    assert told["state"] == "stored"
    edge.consultation.take_in()
    assert edge.consultation.case(told["study_instance_uid"], XINGLONG).modality == "ECG"
    assert edge.client("reader").get(f"{address(told)}/original").content == pdf
