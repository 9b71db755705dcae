"""Who there is, as rows. What is no longer wanted is disabled, never deleted; a stranger's row is let go."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from database.schema import Moment, RowNumber, metadata

sites = Table(
    "sites",
    metadata,
    Column("site_id", String(32), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("quiet_seconds", Integer, nullable=False),
    Column("is_self_test", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
)

reading_groups = Table(
    "reading_groups",
    metadata,
    Column("reading_group_id", String(32), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
)

routes = Table(
    "routes",
    metadata,
    Column("route_key", RowNumber, primary_key=True, autoincrement=True),
    Column("reading_group_id", ForeignKey("reading_groups.reading_group_id"), nullable=False),
    Column("site_id", ForeignKey("sites.site_id"), nullable=False),
    # An empty modality is every modality; NULL would not be unique.
    Column("modality", String(16), nullable=False),
    UniqueConstraint("reading_group_id", "site_id", "modality"),
)

devices = Table(
    "devices",
    metadata,
    Column("device_id", String(26), primary_key=True),
    Column("site_id", ForeignKey("sites.site_id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("calling_ae_title", String(16), nullable=False),
    Column("called_ae_title", String(16), nullable=False),
    Column("network", String(64), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
    Index("ix_devices_calling", "calling_ae_title"),
)

device_certificates = Table(
    "device_certificates",
    metadata,
    Column("certificate_key", RowNumber, primary_key=True, autoincrement=True),
    Column("device_id", ForeignKey("devices.device_id"), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("not_after", Moment, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
    UniqueConstraint("device_id", "fingerprint"),
    Index("ix_device_certificates_fingerprint", "fingerprint"),
)

unknown_devices = Table(
    "unknown_devices",
    metadata,
    Column("unknown_device_id", String(26), primary_key=True),
    # Escaped, so longer than the 16 bytes that came.
    Column("calling_ae_title", String(64), nullable=False),
    Column("called_ae_title", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("refusal", String(100), nullable=False),
    Column("proposed", String(1000), nullable=False),
    # An empty fingerprint is a line without TLS.
    Column("certificate_fingerprint", String(64), nullable=False),
    Column("certificate_subject", String(200), nullable=False),
    Column("certificate_not_after", Moment),
    Column("attempts", Integer, nullable=False),
    Column("first_seen_at", Moment, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
    UniqueConstraint("calling_ae_title", "called_ae_title", "address"),
    Index("ix_unknown_devices_last_seen", "last_seen_at"),
)

accounts = Table(
    "accounts",
    metadata,
    Column("account_id", String(26), primary_key=True),
    Column("username", String(64), nullable=False, unique=True),
    Column("display_name", String(200), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("must_change_password", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
)

grants = Table(
    "grants",
    metadata,
    Column("grant_key", RowNumber, primary_key=True, autoincrement=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False, index=True),
    Column("role", String(16), nullable=False),
    Column("site_id", ForeignKey("sites.site_id")),
    Column("reading_group_id", ForeignKey("reading_groups.reading_group_id")),
)

tokens = Table(
    "tokens",
    metadata,
    Column("token_id", String(26), primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("csrf_digest", String(64), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
    Column("address", String(64), nullable=False, server_default=""),
)

login_failures = Table(
    "login_failures",
    metadata,
    Column("failure_key", RowNumber, primary_key=True, autoincrement=True),
    Column("username", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_login_failures_who", "username", "address", "at"),
)
