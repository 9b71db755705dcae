"""Which lead a channel is."""

import pytest

from ecg.leads import lead_of_code, lead_of_words


@pytest.mark.parametrize(
    ("code", "lead"),
    [
        ("5.6.3-9-1", "I"),
        ("5.6.3-9-61", "III"),
        ("5.6.3-9-62 ", "aVR"),
        ("2:1", "I"),
        ("2:64", "aVF"),
        ("2:8", "V6"),
        ("2:12", "V4R"),
        ("2:66", "V8"),
        ("131329", "I"),
        ("131389", "III"),
        ("MDC_ECG_LEAD_AVL", "aVL"),
        ("MDC_ECG_LEAD_V3R", "V3R"),
        ("mdc_ecg_lead_ii", "II"),
        ("2:0", None),
        ("2:999", None),
        ("131073", None),
        ("5.6.3-9-", None),
        ("I", None),
        ("", None),
        ("٢:١", None),
    ],
)
def test_a_lead_is_known_by_its_code_in_each_way_of_writing_it(code: str, lead: str | None) -> None:
    assert lead_of_code(code) == lead


@pytest.mark.parametrize(
    ("words", "lead"),
    [
        ("Lead I (Einthoven)", "I"),
        ("Lead II", "II"),
        ("aVR, augmented voltage, right", "aVR"),
        ("AVF", "aVF"),
        ("v5", "V5"),
        ("ECG Lead V4R", "V4R"),
        ("Lead:V1", "V1"),
        ("Intracardiac", None),
        ("Lead", None),
        ("", None),
        ("导联", None),
    ],
)
def test_words_name_a_lead_only_where_they_do(words: str, lead: str | None) -> None:
    assert lead_of_words(words) == lead
