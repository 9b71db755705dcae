"""The demonstration's exams: public test files, re-identified with fresh UIDs and invented Chinese names.

Nobody is called so; the names are ordinary ones and the three character sets are those that devices use.
"""

import copy
import re
from dataclasses import dataclass
from datetime import datetime

from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileDataset

from core.errors import Misconfigured
from core.uids import new_uid

CODE_EXTENSION_GB2312 = "\\ISO 2022 IR 58"
ESCAPE_TO_GB2312 = b"\x1b$)A"
"""PS3.3 table C.12-4."""


@dataclass(frozen=True, kw_only=True)
class DemoStudy:
    """One exam of the demonstration clinic, ready to be sent."""

    calling_ae_title: str
    title: str
    patient_name: str
    accession_number: str
    findings: str
    impression: str
    instances: tuple[Dataset, ...]

    @property
    def study_instance_uid(self) -> str:
        """Return the study's UID."""
        return str(self.instances[0].StudyInstanceUID)


@dataclass(frozen=True, kw_only=True)
class _Exam:
    calling_ae_title: str
    title: str
    files: tuple[str, ...]
    specific_character_set: str
    patient_name: str
    patient_id: str
    patient_birth_date: str
    patient_sex: str
    study_description: str
    findings: str
    impression: str


_EXAMS = (
    _Exam(
        calling_ae_title="DEMO_ECG",
        title="12-lead ECG",
        files=("waveform_ecg.dcm",),
        specific_character_set="ISO_IR 192",
        patient_name="Zhao^Jianguo=赵^建国",
        patient_id="XL-0003",
        patient_birth_date="19580617",
        patient_sex="M",
        study_description="常规十二导联心电图",
        findings="窦性心律，心率约 61 次/分。PR 间期、QRS 时限、QT 间期在正常范围。ST-T 未见明显异常。",
        impression="1. 窦性心律\n2. 正常心电图",
    ),
    _Exam(
        calling_ae_title="DEMO_DR",
        title="chest radiograph",
        files=("RG1_UNCR.dcm",),
        specific_character_set="GB18030",
        patient_name="Li^Yun=李^運",
        patient_id="XL-0002",
        patient_birth_date="19710203",
        patient_sex="F",
        study_description="胸部正位片",
        findings="胸廓对称，双肺纹理清晰，未见实变。心影不大，双侧膈面光整，肋膈角锐利。",
        impression="心肺膈未见明显异常",
    ),
    _Exam(
        calling_ae_title="DEMO_US",
        title="ultrasound cine",
        files=("color3d_jpeg_baseline.dcm", "US1_UNCR.dcm"),
        specific_character_set=CODE_EXTENSION_GB2312,
        patient_name="Wang^XiaoMing=王^小明",
        patient_id="XL-0001",
        patient_birth_date="19850921",
        patient_sex="M",
        study_description="心脏超声",
        findings="各房室腔大小正常，室壁运动协调，瓣膜启闭良好，彩色多普勒未见异常血流。",
        impression="心脏结构及功能未见明显异常",
    ),
)


def demo_studies(now: datetime) -> list[DemoStudy]:
    """Return the exams as of now, each with UIDs of its own.

    Raises:
        Misconfigured: the public test files are not installed.
    """
    return [_study(exam, number, now) for number, exam in enumerate(_EXAMS, start=1)]


def _study(exam: _Exam, number: int, now: datetime) -> DemoStudy:
    study_instance_uid = new_uid()
    accession_number = f"D{now:%y%m%d%H%M%S}{number}"
    instances = []
    for instance_number, name in enumerate(exam.files, start=1):
        dataset = copy.deepcopy(_public_file(name))
        _identify(dataset, exam, now)
        dataset.StudyInstanceUID = study_instance_uid
        dataset.AccessionNumber = accession_number
        dataset.SeriesInstanceUID = new_uid()
        dataset.SeriesNumber = instance_number
        dataset.InstanceNumber = 1
        dataset.SOPInstanceUID = new_uid()
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        instances.append(dataset)
    return DemoStudy(
        calling_ae_title=exam.calling_ae_title,
        title=exam.title,
        patient_name=exam.patient_name,
        accession_number=accession_number,
        findings=exam.findings,
        impression=exam.impression,
        instances=tuple(instances),
    )


def _identify(dataset: Dataset, exam: _Exam, now: datetime) -> None:
    dataset.SpecificCharacterSet = (
        exam.specific_character_set.split("\\")
        if "\\" in exam.specific_character_set
        else exam.specific_character_set
    )
    # What the public file said in its own character set must not be read in ours.
    for element in list(dataset):
        if element.VR in {"LO", "LT", "PN", "SH", "ST", "UT"} and not element.tag.is_private:
            dataset[element.tag].value = ""
    dataset.PatientName = _in_character_set(exam.patient_name, exam)
    dataset.PatientID = exam.patient_id
    dataset.PatientBirthDate = exam.patient_birth_date
    dataset.PatientSex = exam.patient_sex
    dataset.StudyDescription = _in_character_set(exam.study_description, exam)
    dataset.StudyID = "1"
    dataset.StudyDate = dataset.SeriesDate = dataset.ContentDate = f"{now:%Y%m%d}"
    dataset.StudyTime = dataset.SeriesTime = dataset.ContentTime = f"{now:%H%M%S}"
    dataset.ReferringPhysicianName = ""
    dataset.InstitutionName = ""


def _in_character_set(text: str, exam: _Exam) -> str | bytes:
    """Encode with code extensions by hand: the library forgets the escape sequence of ISO 2022 IR 58.

    PS3.5 6.1.2.5.3: after `^` and `=` the initial set is in force again.
    """
    if exam.specific_character_set != CODE_EXTENSION_GB2312:
        return text
    return b"".join(
        part.encode("ascii") if part.isascii() else ESCAPE_TO_GB2312 + part.encode("gb2312")
        for part in re.split("([=^])", text)
    )


def _public_file(name: str) -> FileDataset:
    path = get_testdata_file(name, download=False)
    if not isinstance(path, str):
        raise Misconfigured(f"The demonstration needs {name} of the packages pydicom and pydicom-data.")
    return dcmread(path)
