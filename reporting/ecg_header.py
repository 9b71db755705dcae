"""The lines above an ECG's sheet: who, and when."""

from reporting.paper.sheet import printed_name
from storage.instance import Study


def ecg_header(study: Study) -> list[str]:
    """Return a line about the person and one about the examination."""
    born = study.patient_birth_date.isoformat() if study.patient_birth_date else ""
    taken = study.study_date.isoformat() if study.study_date else ""
    person = (printed_name(study.patient_name), study.patient_id, study.patient_sex, born)
    exam = (f"{taken} {study.study_time[:4]}".strip(), study.study_description, study.accession_number)
    return ["   ".join(filter(None, person)), "   ".join(filter(None, exam))]
