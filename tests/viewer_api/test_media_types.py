"""Accept headers as clients really send them, and what they get."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewer_api.media_types import Form, choose, media_type_of
from viewer_api.problems import NotAcceptable

EXPLICIT = "1.2.840.10008.1.2.1"
BASELINE = "1.2.840.10008.1.2.4.50"
JPEG_LS = "1.2.840.10008.1.2.4.80"
OCTETS = "application/octet-stream"

COMPRESSED = [
    Form(media_type="image/jpeg", transfer_syntax_uid=BASELINE),
    Form(media_type=OCTETS, transfer_syntax_uid=BASELINE, named_only=True),
    Form(media_type=OCTETS, transfer_syntax_uid=EXPLICIT),
]
NATIVE = [Form(media_type=OCTETS, transfer_syntax_uid=EXPLICIT)]
PICTURES = [Form(media_type="image/jpeg"), Form(media_type="image/png")]
JSON = [Form(media_type="application/dicom+json")]


def chosen(accept: str, forms: list[Form], *, multipart: bool = True, single: bool = True) -> str:
    """Return what is given, in short; nothing where nothing suits."""
    try:
        choice = choose(accept, forms, multipart=multipart, single=single)
    except NotAcceptable:
        return ""
    short = {EXPLICIT: "explicit", BASELINE: "baseline", None: ""}[choice.form.transfer_syntax_uid]
    return f"{choice.form.media_type} {short}".strip() + (" parts" if choice.is_multipart else "")


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        ("", "image/jpeg baseline parts"),
        ("*/*", "image/jpeg baseline parts"),
        ("text/html, *; q=.2, */*; q=.2", "image/jpeg baseline parts"),
        ("*/*; q=2", ""),
        ("text/html, *; q=0.2, */*; q=0.2", "image/jpeg baseline parts"),
        ("multipart/related", "image/jpeg baseline parts"),
        ('multipart/related; type="image/jpeg"', "image/jpeg baseline parts"),
        ("multipart/related; type=image/jpeg; transfer-syntax=*", "image/jpeg baseline parts"),
        (f"multipart/related; type=image/jpeg; transfer-syntax={BASELINE}", "image/jpeg baseline parts"),
        (f"multipart/related; type=image/jpeg; transfer-syntax={JPEG_LS}", ""),
        ('multipart/related; type="image/*"', "image/jpeg baseline parts"),
        ('multipart/related; type="*/*"', "image/jpeg baseline parts"),
        ('multipart/related; type="image/jls"', ""),
        (
            'multipart/related; type="image/jls", multipart/related; type="image/jpeg"',
            "image/jpeg baseline parts",
        ),
        ('multipart/related; type="application/octet-stream"', "application/octet-stream explicit parts"),
        (
            "multipart/related; type=application/octet-stream; transfer-syntax=*",
            "application/octet-stream baseline parts",
        ),
        (
            f"multipart/related; type=application/octet-stream; transfer-syntax={EXPLICIT}",
            "application/octet-stream explicit parts",
        ),
        ("application/octet-stream", "application/octet-stream explicit"),
        ("image/jpeg", "image/jpeg baseline"),
        ("MULTIPART/Related ; TYPE = Image/JPEG", "image/jpeg baseline parts"),
        (
            'multipart/related; type="image/jpeg"; q=0.1, multipart/related; type="application/octet-stream"',
            "application/octet-stream explicit parts",
        ),
        (
            'multipart/related; type="application/octet-stream";q=.3, multipart/related; type="image/*";q=.9',
            "image/jpeg baseline parts",
        ),
        ('multipart/related; type="image/jpeg"; q=0', ""),
        ("application/dicom+json", ""),
        ("nonsense", ""),
        (";;;,,,", ""),
        ('multipart/related; type="image/jpeg', ""),
    ],
)
def test_a_compressed_frame_is_given_as_it_is_unless_octets_are_asked_for(accept: str, given: str) -> None:
    assert chosen(accept, COMPRESSED) == given


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        ("", "application/octet-stream explicit parts"),
        (
            "multipart/related; type=application/octet-stream; transfer-syntax=*",
            "application/octet-stream explicit parts",
        ),
        ('multipart/related; type="image/jpeg"', ""),
        ("application/*", "application/octet-stream explicit"),
    ],
)
def test_native_pixels_are_octets(accept: str, given: str) -> None:
    assert chosen(accept, NATIVE) == given


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        ("", "image/jpeg"),
        ("image/*", "image/jpeg"),
        ("image/png", "image/png"),
        ("image/png;q=0.5, image/jpeg;q=0.4", "image/png"),
        ("image/*;q=0.5, image/png;q=0.5", "image/png"),
        ("image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5", "image/png"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "image/jpeg"),
        ("video/mp4", ""),
        ('multipart/related; type="image/jpeg"', ""),
    ],
)
def test_a_picture_is_one_piece(accept: str, given: str) -> None:
    assert chosen(accept, PICTURES, multipart=False) == given


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        ("application/dicom+json", "application/dicom+json"),
        ("application/json", "application/dicom+json"),
        ("application/dicom+json, application/json", "application/dicom+json"),
        ("*/*", "application/dicom+json"),
        ("application/dicom+xml", ""),
        ('multipart/related; type="application/dicom+xml"', ""),
    ],
)
def test_metadata_is_json(accept: str, given: str) -> None:
    assert chosen(accept, JSON, multipart=False) == given


def test_a_refusal_says_what_could_be_had() -> None:
    with pytest.raises(NotAcceptable, match=r'multipart/related; type="image/jpeg"; transfer-syntax=1\.2'):
        choose("text/html", COMPRESSED, multipart=True, single=True)


@pytest.mark.parametrize(
    ("header", "media_type", "parameters"),
    [
        (
            'multipart/related; type="application/dicom"; boundary="a b;c=\\"d"',
            "multipart/related",
            {"type": "application/dicom", "boundary": 'a b;c="d'},
        ),
        ("Application/DICOM", "application/dicom", {}),
        ("", "", {}),
    ],
)
def test_a_content_type_is_read_with_its_parameters(
    header: str, media_type: str, parameters: dict[str, str]
) -> None:
    read = media_type_of(header)
    assert (read.media_type, read.parameters) == (media_type, parameters)


@given(st.text(max_size=200))
def test_any_header_is_answered_by_a_form_or_a_refusal(accept: str) -> None:
    assert chosen(accept, COMPRESSED).split(" ")[0] in {"", "image/jpeg", OCTETS}
