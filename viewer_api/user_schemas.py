"""People, their roles and their tokens as JSON. A secret is in the answer that made it, and never again."""

from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from core.access import Grant, Role
from registry.accounts import Account
from viewer_api.parameters import EXAMPLE_KEY, plain_text

_GRANT: Final[JsonDict] = {"role": "technician", "site_id": "xinglong-clinic", "reading_group_id": None}
_USER: Final[JsonDict] = {
    "user_id": EXAMPLE_KEY,
    "username": "wang",
    "display_name": "王医生",
    "must_change_password": True,
    "is_disabled": False,
    "grants": [_GRANT],
}
_SECRET: Final[JsonDict] = {"user": _USER, "password": "k7mq-2xwa-9tde-p4ru"}
_TOKEN: Final[JsonDict] = {
    "token_id": EXAMPLE_KEY,
    "username": "ris",
    "name": "county RIS",
    "is_disabled": False,
}
# The register holds the limits and says so in a sentence; here they are only told in advance.
Text = Annotated[str, AfterValidator(plain_text), Field(json_schema_extra={"maxLength": 200})]


class GrantBody(BaseModel):
    """A role at a site, in a reading group, or everywhere."""

    model_config = ConfigDict(title="Grant", extra="forbid", json_schema_extra={"example": _GRANT})

    role: Role
    site_id: Text | None = Field(default=None, description="Needed by technicians and clinics.")
    reading_group_id: Text | None = Field(default=None, description="Needed by readers, and theirs alone.")

    def grant(self) -> Grant:
        """Return it as the register has it."""
        return Grant(
            role=self.role, site_id=self.site_id or None, reading_group_id=self.reading_group_id or None
        )


class UserResource(BaseModel):
    """Who may log in."""

    model_config = ConfigDict(title="User", json_schema_extra={"example": _USER})

    user_id: str
    username: str
    display_name: str = Field(description="As it stands on reports.")
    must_change_password: bool
    is_disabled: bool
    grants: list[GrantBody]

    @classmethod
    def of(cls, account: Account) -> Self:
        """Return one; nothing of the password."""
        return cls(
            user_id=account.account_id,
            username=account.username,
            display_name=account.display_name,
            must_change_password=account.must_change_password,
            is_disabled=account.is_disabled,
            grants=[GrantBody(**vars(grant)) for grant in account.grants],
        )


class UserCollection(BaseModel):
    """Everybody, those locked out too."""

    model_config = ConfigDict(title="Users", json_schema_extra={"example": {"items": [_USER]}})

    items: list[UserResource]


class NewUserBody(BaseModel):
    """A person or program to be registered."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"username": "wang", "display_name": "王医生", "grants": [_GRANT]}},
    )

    username: Text = Field(description="1 to 64 characters without spaces; it never changes.")
    display_name: Text = Field(default="", description="As it stands on reports; without, the user name.")
    grants: list[GrantBody] = Field(max_length=100)


class UserWithPassword(BaseModel):
    """A user with the password for one use: the first login has to replace it."""

    model_config = ConfigDict(json_schema_extra={"example": _SECRET})

    user: UserResource
    password: str = Field(description="Shown now alone; only its digest is kept.")


class TokenResource(BaseModel):
    """A bearer token for a program; the token itself is not kept."""

    model_config = ConfigDict(title="Token", json_schema_extra={"example": _TOKEN})

    token_id: str
    username: str
    name: str = Field(description="What it is for.")
    is_disabled: bool


class TokenCollection(BaseModel):
    """Every token, disabled ones too."""

    model_config = ConfigDict(title="Tokens", json_schema_extra={"example": {"items": [_TOKEN]}})

    items: list[TokenResource]


class NewTokenBody(BaseModel):
    """What a token will be for."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"name": "county RIS"}})

    name: Text = Field(min_length=1)


class TokenSecret(BaseModel):
    """A new bearer token."""

    model_config = ConfigDict(json_schema_extra={"example": {"token": "mFv…"}})

    token: str = Field(description="Shown now alone; only its digest is kept.")
