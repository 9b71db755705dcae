"""The catalogue's tables: what is held, for which site, and where its bytes are.

A row in `instances` is the only proof that an instance exists; a blob without a row is rubbish to sweep, a
row without a blob cannot be. Everything is keyed by site: two sites holding one SOP Instance UID hold two.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from database.schema import Moment, RowNumber, metadata
from storage.name_keys import LONGEST_KEY

NameText = String(LONGEST_KEY).with_variant(String(LONGEST_KEY, collation="C"), "postgresql")
"""Compared by code points on both engines, so that a beginning is a range of the index."""

patients = Table(
    "patients",
    metadata,
    Column("patient_key", String(26), primary_key=True),
    Column("site_id", String(32), nullable=False),
    Column("issuer_of_patient_id", String(1024), nullable=False),
    Column("patient_id", String(1024), nullable=False),
    Column("patient_name", String(1024), nullable=False),
    Column("patient_birth_date", Date),
    Column("patient_sex", String(16), nullable=False),
    Column("first_received_at", Moment, nullable=False),
    # A digest, since site, issuer and ID are too long for an index; none for what joins nothing.
    Column("identity_key", String(64), unique=True),
    # Patients of one person carry one key: a group, so that no link can lead in a circle.
    Column("person_key", String(26), index=True),
    Index("ix_patients_site", "site_id", "patient_key"),
)

patient_acts = Table(
    "patient_acts",
    metadata,
    Column("act_key", String(26), primary_key=True),
    Column("act", String(20), nullable=False),
    Column("site_id", String(32), nullable=False),
    Column("patient_key", String(26), nullable=False),
    Column("other_patient_key", String(26), nullable=False),
    Column("study_instance_uid", String(64), nullable=False),
    Column("statement_digest", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_patient_acts_patient", "patient_key"),
    Index("ix_patient_acts_study", "site_id", "study_instance_uid"),
)

studies = Table(
    "studies",
    metadata,
    Column("site_id", String(32), primary_key=True),
    Column("study_instance_uid", String(64), primary_key=True),
    Column("patient_name", String(1024), nullable=False),
    Column("patient_id", String(1024), nullable=False),
    Column("issuer_of_patient_id", String(1024), nullable=False),
    Column("patient_birth_date", Date),
    Column("patient_sex", String(16), nullable=False),
    Column("study_date", Date),
    Column("study_time", String(16), nullable=False),
    Column("timezone_offset_from_utc", String(16), nullable=False, server_default=""),
    Column("accession_number", String(1024), nullable=False),
    Column("study_id", String(1024), nullable=False),
    Column("study_description", String(1024), nullable=False),
    Column("referring_physician_name", String(1024), nullable=False),
    # What is wrong with the text that these columns were read from; empty where nothing is.
    Column("text_finding", String(40), nullable=False, server_default=""),
    Column("first_received_at", Moment, nullable=False),
    Column("last_received_at", Moment, nullable=False),
    Column("patient_key", String(26), nullable=False, server_default=""),
    # In what its instances disagree with what is known of the patient, until a person has looked.
    Column("patient_differences", String(60), nullable=False, server_default=""),
    # When a person said whom it shows: the columns above are that patient's then, and no more the data set's.
    Column("patient_attached_at", Moment),
    Index("ix_studies_patient", "site_id", "patient_id"),
    Index("ix_studies_patient_key", "patient_key"),
    Index("ix_studies_patient_differences", "patient_differences", "site_id"),
    Index("ix_studies_accession", "site_id", "accession_number"),
    Index("ix_studies_received", "first_received_at"),
    Index("ix_studies_date", "study_date", "site_id"),
)

series = Table(
    "series",
    metadata,
    Column("site_id", String(32), primary_key=True),
    Column("study_instance_uid", String(64), primary_key=True),
    Column("series_instance_uid", String(64), primary_key=True),
    Column("modality", String(16), nullable=False),
    Column("series_number", Integer),
    Column("series_description", String(1024), nullable=False),
    Column("body_part_examined", String(64), nullable=False),
    Column("performed_procedure_step_start_date", Date),
    Column("performed_procedure_step_start_time", String(16), nullable=False, server_default=""),
    Column("first_received_at", Moment, nullable=False),
    ForeignKeyConstraint(
        ["site_id", "study_instance_uid"], ["studies.site_id", "studies.study_instance_uid"]
    ),
    Index("ix_series_modality", "site_id", "modality"),
)

series_requests = Table(
    "series_requests",
    metadata,
    Column("site_id", String(32), primary_key=True),
    Column("study_instance_uid", String(64), primary_key=True),
    Column("series_instance_uid", String(64), primary_key=True),
    # The place of an item in Request Attributes Sequence (0040,0275), from 1.
    Column("item_number", Integer, primary_key=True, autoincrement=False),
    Column("requested_procedure_id", String(64), nullable=False),
    Column("scheduled_procedure_step_id", String(64), nullable=False),
    ForeignKeyConstraint(
        ["site_id", "study_instance_uid", "series_instance_uid"],
        ["series.site_id", "series.study_instance_uid", "series.series_instance_uid"],
        # By the rule of names it would be longer than PostgreSQL's.
        name="fk_series_requests_series",
    ),
    Index("ix_series_requests_procedure", "site_id", "requested_procedure_id"),
)

instances = Table(
    "instances",
    metadata,
    Column("instance_key", RowNumber, primary_key=True, autoincrement=True),
    Column("site_id", String(32), nullable=False),
    Column("study_instance_uid", String(64), nullable=False),
    Column("series_instance_uid", String(64), nullable=False),
    Column("sop_instance_uid", String(64), nullable=False),
    Column("sop_class_uid", String(64), nullable=False),
    Column("transfer_syntax_uid", String(64), nullable=False),
    Column("instance_number", Integer),
    Column("number_of_frames", Integer),
    Column("rows", Integer),
    Column("columns", Integer),
    Column("bits_allocated", Integer),
    Column("blob_key", String(120), nullable=False, unique=True),
    Column("size", BigInteger, nullable=False),
    Column("data_set_offset", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("header_digest", String(64), nullable=False),
    Column("anomalies", JSON, nullable=False),
    # The label of text beyond ASCII, which may be read anew; NULL where there is none.
    Column("specific_character_set", String(64)),
    Column("origin_kind", String(16), nullable=False),
    Column("source", String(64), nullable=False),
    Column("received_at", Moment, nullable=False),
    UniqueConstraint("site_id", "sop_instance_uid"),
    ForeignKeyConstraint(
        ["site_id", "study_instance_uid", "series_instance_uid"],
        ["series.site_id", "series.study_instance_uid", "series.series_instance_uid"],
    ),
    Index("ix_instances_series", "site_id", "study_instance_uid", "series_instance_uid"),
    Index("ix_instances_text", "site_id", "source", "specific_character_set"),
)

representations = Table(
    "representations",
    metadata,
    Column("representation_key", RowNumber, primary_key=True, autoincrement=True),
    Column("instance_key", ForeignKey("instances.instance_key"), nullable=False),
    Column("site_id", String(32), nullable=False),
    Column("study_instance_uid", String(64), nullable=False),
    Column("transfer_syntax_uid", String(64), nullable=False),
    Column("blob_key", String(120), nullable=False, unique=True),
    Column("size", BigInteger, nullable=False),
    Column("data_set_offset", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("header_digest", String(64), nullable=False),
    Column("anomalies", JSON, nullable=False),
    Column("origin_kind", String(16), nullable=False),
    Column("source", String(64), nullable=False),
    Column("received_at", Moment, nullable=False),
    UniqueConstraint("instance_key", "digest"),
    Index("ix_representations_study", "site_id", "study_instance_uid"),
)

# The files that instances were made of; those of one file share its blobs.
original_files = Table(
    "original_files",
    metadata,
    Column("site_id", String(32), primary_key=True),
    Column("sop_instance_uid", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("study_instance_uid", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("blob_key", String(120), nullable=False, index=True),
    Column("size", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("source_digest", String(64), nullable=False),
    Index("ix_original_files_source", "site_id", "source_digest"),
)

kept_aside = Table(
    "kept_aside",
    metadata,
    Column("kept_key", String(26), primary_key=True),
    Column("reason", String(16), nullable=False),
    Column("detail", String(200), nullable=False),
    Column("site_id", String(32), nullable=False),
    Column("sop_instance_uid", String(64), nullable=False),
    Column("study_instance_uid", String(64), nullable=False),
    Column("transfer_syntax_uid", String(64), nullable=False),
    Column("blob_key", String(120), nullable=False, unique=True),
    Column("size", BigInteger, nullable=False),
    Column("data_set_offset", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("header_digest", String(64), nullable=False),
    Column("origin_kind", String(16), nullable=False),
    Column("source", String(64), nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("settled_at", Moment),
    Column("settled_as", String(16)),
    Column("settled_by", String(64)),
    Column("settled_reason", Text),
    Column("bytes_deleted_at", Moment),
    # A device that resends what was refused must not fill the disk.
    UniqueConstraint("site_id", "reason", "sop_instance_uid", "digest"),
    Index("ix_kept_aside_study", "site_id", "study_instance_uid"),
)

transfers = Table(
    "transfers",
    metadata,
    Column("transfer_key", String(26), primary_key=True),
    Column("site_id", String(32), nullable=False),
    Column("study_instance_uid", String(64), nullable=False),
    Column("seen_at", Moment, nullable=False),
    Index("ix_transfers_study", "site_id", "study_instance_uid"),
)

study_names = Table(
    "study_names",
    metadata,
    Column("site_id", String(32), primary_key=True),
    Column("study_instance_uid", String(64), primary_key=True),
    # A whole name, a component group of it, or what else a person may type to find it: storage.name_keys.
    Column("kind", String(8), primary_key=True),
    Column("name_key", NameText, primary_key=True),
    ForeignKeyConstraint(
        ["site_id", "study_instance_uid"], ["studies.site_id", "studies.study_instance_uid"]
    ),
    Index("ix_study_names_key", "name_key", "kind"),
)

character_set_decisions = Table(
    "character_set_decisions",
    metadata,
    Column("decision_id", String(26), primary_key=True),
    Column("site_id", String(32), nullable=False),
    Column("origin_kind", String(16), nullable=False),
    Column("source", String(64), nullable=False),
    Column("declared", String(64), nullable=False),
    Column("encoding", String(16), nullable=False),
    Column("decided_by", String(64), nullable=False),
    Column("is_set_by_person", Boolean, nullable=False),
    # Values and characters that spoke for it when the hub decided.
    Column("texts", Integer, nullable=False),
    Column("characters", Integer, nullable=False),
    Column("decided_at", Moment, nullable=False),
    UniqueConstraint("site_id", "origin_kind", "source", "declared"),
)

# What people bring with their browsers, file by file, until it is stored or a day has passed.
uploads = Table(
    "uploads",
    metadata,
    Column("upload_id", String(26), primary_key=True),
    Column("site_id", String(32), nullable=False),
    Column("account_id", String(26), nullable=False),
    Column("username", String(64), nullable=False),
    Column("granted_by", String(80), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("touched_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Index("ix_uploads_site", "site_id", "upload_id"),
)

upload_files = Table(
    "upload_files",
    metadata,
    Column("upload_id", ForeignKey("uploads.upload_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("size", BigInteger, nullable=False),
    # Of the whole file; empty where nobody said.
    Column("sha256", String(64), nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("state", String(24), nullable=False),
    Column("study_instance_uid", String(64), nullable=False, server_default=""),
    Column("sop_instance_uid", String(64), nullable=False, server_default=""),
    # Why it could not be read, where that can be said to whoever sent it.
    Column("detail", String(200), nullable=False, server_default=""),
    # Which ZIP it came in.
    Column("inside_of", Integer),
    Index("ix_upload_files_sha256", "sha256"),
    Index("ix_upload_files_study", "study_instance_uid"),
)

# What has come of a file that has not come whole; each is a blob.
upload_parts = Table(
    "upload_parts",
    metadata,
    Column("upload_id", ForeignKey("uploads.upload_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("first_byte", BigInteger, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("blob_key", String(100), nullable=False, unique=True),
)
