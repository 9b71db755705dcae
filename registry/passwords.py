"""Secrets: passwords as argon2 hashes, tokens as digests of 256 random bits."""

import hashlib
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.errors import InvalidRequest

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200

_hasher = PasswordHasher()
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$iIqLolSGtOvxpPw43y4VnQ$ZEgtxJNGE5fkKVCxjrbBNXjUjRE0WgkCoEL8sY10DUU"
"""Of a random password that nobody was given. Made beforehand: each process would pay for it at its start."""


def hash_password(password: str) -> str:
    """Return the hash to keep. Raises InvalidRequest for a password too short or absurdly long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidRequest(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.")
    try:
        return _hasher.hash(password)
    except UnicodeEncodeError:
        raise InvalidRequest("A password is made of whole characters.") from None


def password_is_right(password_hash: str | None, password: str) -> bool:
    """Whether the password fits; an unknown account (None) costs the same time as a known one."""
    if len(password) > LONGEST_PASSWORD:
        return False
    try:
        _hasher.verify(_NOBODY if password_hash is None else password_hash, password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
    return password_hash is not None


def new_password() -> str:
    """Return a password a person can type from paper."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(3))


def new_secret() -> str:
    """Return 256 random bits, for a bearer token or a session."""
    return secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """Return what is kept of a secret of 256 bits: no slow hash is needed for so much randomness."""
    return hashlib.sha256(secret.encode()).hexdigest()
