"""The address of a bucket: what is understood, what is refused, and that a refusal quotes nothing."""

import pytest

from storage.s3_location import FORM, S3Location


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("s3://hub?endpoint=10.0.0.1:8333", S3Location(bucket="hub", endpoint="10.0.0.1:8333")),
        ("s3://hub?endpoint=store.county", S3Location(bucket="hub", endpoint="store.county")),
        ("s3://hub?endpoint=[fd00::1]:9000", S3Location(bucket="hub", endpoint="[fd00::1]:9000")),
        ("s3://hub?endpoint=[::1]", S3Location(bucket="hub", endpoint="[::1]")),
        (
            "s3://county.hub-1?endpoint=s3.eu-west-1.example:443&region=eu-west-1&tls=true",
            S3Location(bucket="county.hub-1", endpoint="s3.eu-west-1.example:443", region="eu-west-1"),
        ),
        ("s3://hub?tls=false&endpoint=h:1", S3Location(bucket="hub", endpoint="h:1", tls=False)),
        ("s3://a--b?endpoint=h:1", S3Location(bucket="a--b", endpoint="h:1")),
        ("s3://" + "b" * 63 + "?endpoint=h:1", S3Location(bucket="b" * 63, endpoint="h:1")),
    ],
)
def test_an_address_says_where_a_bucket_is(address: str, expected: S3Location) -> None:
    assert S3Location.parse(address) == expected


def test_the_form_that_a_refusal_shows_is_understood() -> None:
    assert S3Location.parse(FORM.replace("port", "8333")) == S3Location(bucket="bucket", endpoint="host:8333")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "canary",
        "http://canary?endpoint=h:1",
        "s3:canary",
        "s3://canary",
        "s3://canary?endpoint=",
        "s3://?endpoint=canary:1",
        "s3://canary/prefix?endpoint=h:1",
        "s3://canary?endpoint=h:1#fragment",
        "s3://canary?endpoint=h:1&endpoint=h:2",
        "s3://key:canary@bucket?endpoint=h:1",
        "s3://canary:9000?endpoint=h:1",
        "s3://Canary?endpoint=h:1",
        "s3://canary_?endpoint=h:1",
        "s3://-canary?endpoint=h:1",
        "s3://canary-?endpoint=h:1",
        "s3://canary..b?endpoint=h:1",
        "s3://canary.-b?endpoint=h:1",
        "s3://ca?endpoint=h:1",
        "s3://" + "canary" * 11 + "?endpoint=h:1",
        "s3://10.0.0.1?endpoint=h:1",
        "s3://bucket?endpoint=https://canary:1",
        "s3://bucket?endpoint=user:canary@h:1",
        "s3://bucket?endpoint=canary:0",
        "s3://bucket?endpoint=canary:65536",
        "s3://bucket?endpoint=canary:http",
        "s3://bucket?endpoint=canary:",
        "s3://bucket?endpoint=canary:1/path",
        "s3://bucket?endpoint=[canary]:1",
        "s3://bucket?endpoint=[::1",
        "s3://bucket?endpoint=canary%20h:1",
        "s3://bucket?endpoint=canary%0d%0ah:1",
        "s3://bucket?endpoint=h:1&tls=canary",
        "s3://bucket?endpoint=h:1&tls=",
        "s3://bucket?endpoint=h:1&tls=True",
        "s3://bucket?endpoint=h:1&region=",
        "s3://bucket?endpoint=h:1&region=canary/eu",
        "s3://bucket?endpoint=h:1&canary",
        "s3://bucket?endpoint=h:1&secret_key=canary",
    ],
)
def test_what_is_no_address_is_refused_without_quoting_it(address: str) -> None:
    with pytest.raises(ValueError, match=r"bucket|object store") as refused:
        S3Location.parse(address)
    assert "canary" not in str(refused.value).lower()
