"""The printed report, read back by outside programs: whole, legible, literal, and the same every time."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from reporting.document import LinkedStudy, ReportDocument
from reporting.fonts import covered
from reporting.pdf import report_pdf
from tests.fixtures.report_documents import FINAL, PATIENT, addendum, of_patient, preliminary, report

LONG = "肝脏大小形态正常，包膜光滑，实质回声均匀，门静脉主干内径约1.1cm。\n" * 120
DOCUMENTS = {
    "final": FINAL,
    "preliminary": preliminary("DX"),
    "addendum": addendum("ECG"),
    "long": report(findings=LONG),
    "another modality": report("OT"),
}


def raw_text(pdf: bytes, *options: str) -> str:
    done = subprocess.run(["pdftotext", *options, "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode()


def text_of(pdf: bytes, *options: str) -> str:
    """Return the words on the sheet without the spaces and line ends that the layout put between them."""
    return re.sub(r"[\s\u200b]+", "", raw_text(pdf, *options))


def squeezed(words_on_it: str) -> str:
    return re.sub(r"\s+", "", words_on_it)


@pytest.mark.tool("qpdf")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_qpdf_finds_the_file_sound(name: str, tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(report_pdf(DOCUMENTS[name]))
    done = subprocess.run(["qpdf", "--check", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.tool("pdfinfo", "pdffonts")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_it_is_a4_and_pdf_a_2b_with_its_font_inside(name: str, tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(report_pdf(DOCUMENTS[name]))
    info = subprocess.run(["pdfinfo", path], capture_output=True, text=True, check=True).stdout
    assert "(A4)" in info
    assert re.search(r"JavaScript:\s+no", info)
    fonts = subprocess.run(["pdffonts", path], capture_output=True, text=True, check=True).stdout
    rows = fonts.splitlines()[2:]
    assert rows
    assert all("NotoSansSC" in row and re.search(r"yes yes yes", row) for row in rows), fonts
    assert b"<pdfaid:part>2</pdfaid:part>" in path.read_bytes()
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in path.read_bytes()


@pytest.mark.tool("pdftotext")
def test_everything_a_clinic_needs_is_on_the_sheet() -> None:
    printed = text_of(report_pdf(FINAL), "-layout")
    for expected in (
        "青山镇卫生院",
        "超声检查报告",
        "Ultrasound Report",
        "正式报告 FINAL",
        "王小明 (Wang XiaoMing)",
        "P-0001",
        "男 Male",
        "1960-05-03",
        "2025-11-20 10:15",
        "A-100",
        "超声 Ultrasound",
        "腹部超声",
        "申请医师 Referred by 赵敏",
        "阅片数 Instances 3",
        "右上腹痛三天，请排除胆囊结石。",
        "高血压病史10年。",
        "胆囊腔内见强回声团，后方伴声影，大小约1.2cm×0.8cm。",
        "诊断意见 Impression 胆囊结石。",
        "李建国",
        "县人民医院超声科",
        "2025-11-21 22:48:05 UTC+08:00",
        FINAL.report_id,
        FINAL.content_digest,
        "第1页，共1页",
        "Page 1 of 1",
    ):
        assert squeezed(expected) in printed, expected


@pytest.mark.tool("pdftotext")
def test_each_study_that_a_report_covers_is_printed_with_its_accession_number() -> None:
    others = (
        LinkedStudy(study_instance_uid="2.25.77", accession_number="A-101", study_description="胸部正位"),
        LinkedStudy(study_instance_uid="2.25.78", accession_number="", study_description="膝关节"),
    )
    printed = text_of(report_pdf(replace(FINAL, linked_studies=others)), "-layout")
    own, first, second = (
        printed.index(squeezed(words_on_it))
        for words_on_it in (
            "检查号 Accession no. A-100",
            "并入检查 Linked no. A-101 检查项目 Exam 胸部正位",
            "并入检查 Linked no. — 检查项目 Exam 膝关节",
        )
    )
    assert own < first < second
    assert "并入" not in text_of(report_pdf(FINAL))


@pytest.mark.tool("pdftotext")
@pytest.mark.parametrize(
    ("document", "shown", "hidden"),
    [
        (preliminary(), ("初步报告PRELIMINARY", "尚未最终审核", "Notfinal"), ("正式报告", "补充报告")),
        (report(), ("正式报告FINAL",), ("初步报告", "补充报告", "Notfinal")),
        (addendum(), ("补充报告ADDENDUM", "Addstoareportsignedbefore"), ("初步报告", "正式报告")),
    ],
)
def test_how_far_the_report_has_come_is_plain(
    document: ReportDocument, shown: tuple[str, ...], hidden: tuple[str, ...]
) -> None:
    printed = text_of(report_pdf(document))
    for expected in shown:
        assert expected in printed
    for other in hidden:
        assert other not in printed


@pytest.mark.tool("pdftotext")
def test_an_addendum_prints_its_reason_its_text_and_then_the_report_it_adds_to() -> None:
    printed = text_of(report_pdf(addendum(previous_impression="胆囊多发结石。")))
    parts = [
        "复阅后补充测量。",
        "胆总管内径约0.7cm。",
        "胆总管未见扩张。",
        "先前签发的报告",
        squeezed(FINAL.findings),
        "胆囊多发结石。",
    ]
    places = [printed.index(part) for part in parts]
    assert places == sorted(places)


@pytest.mark.tool("pdftotext")
def test_a_missing_study_date_is_shown_as_arrived_and_never_invented() -> None:
    printed = text_of(report_pdf(replace(FINAL, study_date=None, study_time="101500")))
    assert squeezed("到达 arrived 2025-11-20 10:20 UTC+08:00") in printed
    assert "10:15" not in printed


@pytest.mark.tool("pdftotext")
def test_empty_answers_are_shown_as_empty_and_unasked_questions_not_at_all() -> None:
    printed = text_of(report_pdf(report(findings="", impression="\n", clinical_question="", history=" ")))
    assert "检查所见Findings—" in printed
    assert "诊断意见Impression—" in printed
    assert "临床问题" not in printed
    assert "病史" not in printed


@pytest.mark.tool("pdftotext")
def test_a_long_report_flows_over_pages_that_each_name_the_patient() -> None:
    pages = raw_text(report_pdf(report(findings=LONG))).split("\f")[:-1]
    assert len(pages) > 2
    for number, page in enumerate(pages, start=1):
        page_text = squeezed(page)
        assert f"第{number}页，共{len(pages)}页Page{number}of{len(pages)}" in page_text
        assert "王小明(WangXiaoMing)" in page_text
        assert "P-0001" in page_text
    assert squeezed("".join(pages)).count("门静脉主干内径约1.1cm。") == 120


LITERAL = [
    "<script>alert(1)</script>",
    "#include \"/etc/passwd\" #read('x')",
    "*bold* _emphasis_ `raw` $x^2$ @reference <label>",
    "= heading",
    "- item + item / term: x",
    r"a \ b \n \u{41} // comment /* comment */",
    "[content] {code} ]] }} #]",
    "-- --- ... ~ 'single' \"double\"",
    "${x} {{7*7}} %s &amp; https://example.org/a?b=c",
]


@pytest.mark.tool("pdftotext")
@pytest.mark.parametrize("text", LITERAL)
def test_markup_is_printed_as_the_characters_it_is(text: str) -> None:
    document = replace(
        addendum(),
        site_name=text,
        findings=text,
        reading_physician=text,
        report_id=text,
        patient=replace(PATIENT, patient_name=text.replace("=", ""), patient_id=text),
    )
    printed = text_of(report_pdf(document))
    assert printed.count(squeezed(text)) >= 4


UNCOVERED = {
    "extension B": ("\U00020bb7", "〖U+20BB7〗"),
    "emoji": ("😀", "〖U+1F600〗"),
    "arabic": ("م", "〖U+0645〗"),
    "bell": ("\x07", "〖U+0007〗"),
    "NUL": ("\x00", "〖U+0000〗"),
    "private use": ("\ue000", "〖U+E000〗"),
    "lone surrogate": ("\ud800", "〖U+D800〗"),
    "right-to-left override": ("\u202e", "〖U+202E〗"),
    "zero width space": ("\u200b", "〖U+200B〗"),
    "variation selector": ("\ufe0f", "〖U+FE0F〗"),
    "noncharacter": ("\uffff", "〖U+FFFF〗"),
    "unassigned": ("\u0378", "〖U+0378〗"),
    "the last one": ("\U0010ffff", "〖U+10FFFF〗"),
}
TEXT_FIELDS = [
    field.name for field in fields(ReportDocument) if field.type is str and field.name != "time_zone"
]
PRINTED_FIELDS = set(TEXT_FIELDS) - {
    "site_id",
    "study_instance_uid",
    "study_id",
    "study_time",
    "marks_digest",
}


@pytest.mark.tool("pdftotext")
@pytest.mark.parametrize("name", UNCOVERED)
def test_a_character_that_the_font_lacks_is_printed_as_its_code_point_in_every_field(name: str) -> None:
    character, code_point = UNCOVERED[name]
    changes: dict[str, Any] = dict.fromkeys(TEXT_FIELDS, f"甲{character}乙")
    patient = replace(
        PATIENT,
        patient_name=f"甲{character}乙",
        patient_id=f"甲{character}乙",
        issuer_of_patient_id=character,
        patient_sex=f"甲{character}乙",
    )
    printed = text_of(report_pdf(replace(addendum(), **changes, patient=patient)))
    shown = printed.count(f"甲{code_point}乙")
    assert shown >= len(PRINTED_FIELDS) + 3


def test_no_character_of_unicode_stops_a_report() -> None:
    every_other = "".join(chr(code_point) for code_point in range(0x10000, 0x110000, 97))
    first_plane = "".join(chr(code_point) for code_point in range(0x10000))
    assert report_pdf(report(findings=first_plane, impression=every_other)).startswith(b"%PDF")
    assert report_pdf(report(history="".join(sorted(covered())))).startswith(b"%PDF")


@pytest.mark.tool("pdftotext")
def test_a_word_of_any_length_stays_on_the_paper() -> None:
    word = "W" * 500
    document = replace(
        FINAL,
        findings=word,
        site_name="W" * 200,
        patient=replace(PATIENT, patient_name="W" * 64, patient_id="W" * 64),
    )
    pdf = report_pdf(document)
    assert word in text_of(pdf)
    boxes = re.findall(r'<word xMin="([\d.-]+)" [^>]*xMax="([\d.-]+)"', raw_text(pdf, "-bbox"))
    assert boxes
    assert min(float(left) for left, _ in boxes) >= 18 / 25.4 * 72 - 1
    assert max(float(right) for _, right in boxes) <= (210 - 18) / 25.4 * 72 + 1


def test_the_same_document_gives_the_same_bytes_in_another_process_and_time_zone() -> None:
    program = (
        "import sys; from tests.fixtures.report_documents import addendum;"
        "from reporting.pdf import report_pdf; sys.stdout.buffer.write(report_pdf(addendum()))"
    )
    environment = os.environ | {"TZ": "America/Lima", "PYTHONHASHSEED": "7", "SOURCE_DATE_EPOCH": "1"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, env=environment)
    report_pdf(FINAL)
    assert done.stdout == report_pdf(addendum())


@pytest.mark.tool("pdfinfo")
def test_its_date_is_that_of_the_signature() -> None:
    done = subprocess.run(
        ["pdfinfo", "-isodates", "-"], input=report_pdf(FINAL), capture_output=True, check=True
    )
    assert b"CreationDate:    2025-11-21T14:48:05Z" in done.stdout


def test_many_threads_print_what_one_prints() -> None:
    documents = [of_patient(patient_id=f"P-{number}") for number in range(12)]
    expected = [report_pdf(document) for document in documents]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(report_pdf, documents)) == expected
    assert len(set(expected)) == len(expected)
