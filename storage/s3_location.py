"""The address of a bucket, as it is written in a setting."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from typing import Final, Self
from urllib.parse import parse_qsl, urlsplit

FORM: Final = "s3://bucket?endpoint=host:port&region=us-east-1&tls=true"
DEFAULT_REGION: Final = "us-east-1"
"""What servers that know no regions call theirs."""

_BUCKET: Final = re.compile(r"(?=.{3,63}$)[a-z0-9]+(?:(?:\.|-+)[a-z0-9]+)*")
_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")
_REGION: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_OPTIONS: Final = frozenset({"endpoint", "region", "tls"})


@dataclass(frozen=True, kw_only=True)
class S3Location:
    """Where a bucket is. `endpoint` is host:port, or a host alone for the protocol's own port."""

    bucket: str
    endpoint: str
    region: str = DEFAULT_REGION
    tls: bool = True

    @classmethod
    def parse(cls, address: str) -> Self:
        """Read an address of the form `FORM`; region and tls may be left out.

        Raises ValueError, without quoting the address: somebody may have written a password into it.
        """
        parts = urlsplit(address)
        given = parse_qsl(parts.query, keep_blank_values=True)
        options = dict(given)
        if parts.scheme != "s3" or parts.path or parts.fragment or len(options) < len(given):
            raise ValueError(f"an object store is written {FORM}")
        if options.keys() - _OPTIONS:
            raise ValueError("an object store has the options endpoint, region and tls; keys are set apart")
        if not _is_bucket_name(parts.netloc):
            raise ValueError("a bucket has 3 to 63 lower-case letters, digits, dots and hyphens")
        if not _is_endpoint(options.get("endpoint", "")):
            raise ValueError("the object store's endpoint is host:port")
        if not _REGION.fullmatch(region := options.get("region", DEFAULT_REGION)):
            raise ValueError("the object store's region has letters, digits and hyphens")
        if (tls := options.get("tls", "true")) not in {"true", "false"}:
            raise ValueError("the object store's tls is true or false")
        return cls(bucket=parts.netloc, endpoint=options["endpoint"], region=region, tls=tls == "true")


def _is_bucket_name(name: str) -> bool:
    """Follow the rules of S3, by which a bucket is also a label of a host name."""
    try:
        IPv4Address(name)
    except AddressValueError:
        return _BUCKET.fullmatch(name) is not None
    return False


def _is_endpoint(endpoint: str) -> bool:
    try:
        parts = urlsplit(f"//{endpoint}")
        port = parts.port
    except ValueError:  # not an IPv6 address in brackets, or not a port
        return False
    host = endpoint if port is None else endpoint.rpartition(":")[0]
    return parts.netloc == endpoint and port != 0 and _HOST.fullmatch(host) is not None
