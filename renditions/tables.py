"""What is prepared of each instance for its readers. It can all be made again, so nothing here is a proof.

Everything belongs to the digest of a data set at a site: another data set under the same UID has its own.
Offsets count from where the data set begins, since what stands before it is not in the digest.
"""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table

from database.schema import Moment, metadata

preparations = Table(
    "preparations",
    metadata,
    Column("site_id", String(32), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("study_instance_uid", String(64), nullable=False),
    # Rows that an older program made otherwise are not read, and made anew.
    Column("version", Integer, nullable=False),
    # As the instance claims it; 0 where it has no pixel data.
    Column("number_of_frames", BigInteger, nullable=False),
    Column("is_encapsulated", Boolean, nullable=False),
    # What stands before the pixels, to be read in one piece; NULL where it cannot be.
    Column("head_length", BigInteger),
    Column("prepared_at", Moment, nullable=False),
    Index("ix_preparations_study", "site_id", "study_instance_uid"),
)

frame_pages = Table(
    "frame_pages",
    metadata,
    Column("site_id", String(32), primary_key=True),
    Column("digest", String(64), primary_key=True),
    # Counted from 0; a page holds the frames from here, as renditions.frame_index packs them.
    Column("page", Integer, primary_key=True),
    Column("frames", LargeBinary, nullable=False),
)

kept_metadata = Table(
    "kept_metadata",
    metadata,
    Column("site_id", String(32), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("version", Integer, nullable=False),
    # The data set in the DICOM JSON model, without addresses, compressed.
    Column("document", LargeBinary, nullable=False),
    # How text was decoded, by declared character set: another decision since puts the document out of date.
    Column("readings", JSON, nullable=False),
)

renditions = Table(
    "renditions",
    metadata,
    Column("site_id", String(32), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("media_type", String(64), nullable=False),
    # A blob of its own, which the sweep knows by this row.
    Column("blob_key", String(120), nullable=False, unique=True),
    Column("size", BigInteger, nullable=False),
    Column("rendition_digest", String(64), nullable=False),
    # The SHA-256 of what it shows besides the instance, empty where that is nothing.
    Column("made_for", String(64), nullable=False),
    Column("made_at", Moment, nullable=False),
)
