"""Every limit on what comes from outside, in one table that the conformance statement shows."""

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB
GIB: Final = 1024 * MIB

MAXIMUM_PDU_LENGTH: Final = 131_072
"""Offered to the peer; DCMTK uses no larger one."""
PDU_LENGTH_LIMIT: Final = MIB
"""A longer data PDU cuts the association."""
ASSOCIATION_REQUEST_LIMIT: Final = 64 * KIB
ASSOCIATIONS: Final = 128
ASSOCIATIONS_PER_ADDRESS: Final = 8
"""From one address, or from one network that is named because many share its addresses."""
ASSOCIATIONS_PER_DEVICE: Final = 4
"""Of one AE title at one address."""
EVICTABLE_AFTER_SECONDS: Final = 10.0
"""An association without a message for so long gives its place to one that asks when there is none left."""
ASSOCIATION_REQUEST_SECONDS: Final = 5.0
TLS_HANDSHAKE_SECONDS: Final = 5.0
SILENCE_SECONDS: Final = 30.0
"""The longest that a whole PDU takes, and the longest without a byte inside a message."""
SLOWEST_BYTES_PER_SECOND: Final = KIB
"""Inside a message, on the average of PACE_SECONDS: a byte now and then does not hold an association."""
PACE_SECONDS: Final = 60.0
WAITING_CONNECTIONS: Final = 256
"""Connections that have not asked for an association yet; the oldest gives way to the next."""
OPEN_REQUESTS: Final = 4
"""Requests of one association that wait for their response, though the window agreed is one."""
BETWEEN_MESSAGES_SECONDS: Final = 15 * 60.0
COMMAND_SET_LIMIT: Final = 64 * KIB
UNKNOWN_DEVICES: Final = 200
"""Callers that nobody registered, on the list; the oldest give way."""
UNKNOWN_DEVICES_PER_ADDRESS: Final = 20
UNKNOWN_DEVICES_WRITE_SECONDS: Final = 5.0
"""They are written down at most this often, however many call."""

DATA_SET_LIMIT: Final = 2 * GIB
ELEMENT_COUNT: Final = 50_000
NESTING_DEPTH: Final = 64
HEADER_VALUE_LIMIT: Final = 64 * KIB
"""Longer values are skipped, not read: neither pixels nor waveforms are needed to index."""
HEADER_KEPT_LIMIT: Final = 16 * HEADER_VALUE_LIMIT
"""All values kept of one header together; what comes after is skipped like a longer value."""
HEADER_TEXT_LIMIT: Final = 1024
"""Characters of one value in the catalogue; no name, ID or description of the standard is longer than 324."""
INFLATED_LIMIT: Final = 64 * MIB
INFLATED_RATIO: Final = 200
"""A deflated data set may inflate to INFLATED_LIMIT, and beyond it to at most this many times its size."""
INFLATED_KEPT: Final = 4 * MIB
INFLATED_KEPT_RATIO: Final = 16
"""One with pixels is kept inflated as well, for its frames to be read by ranges: up to INFLATED_KEPT bytes,
and beyond them up to this many times its size."""

JSON_BODY_LIMIT: Final = MIB
JSON_DEPTH: Final = 32
STOW_BODY_LIMIT: Final = 2 * GIB
PICTURE_SIDE: Final = 4_096
STOW_PARTS: Final = 10_000
MULTIPART_HEADER_LIMIT: Final = 8 * KIB
BODY_SILENCE_SECONDS: Final = 60.0
"""The longest silence inside a request body."""
SEARCH_LIMIT: Final = 1_000
"""Results in one answer; more are had by offset."""
SEARCH_READ_LIMIT: Final = 100
"""Results in one answer for each of which an instance has to be opened."""
SEARCH_COUNT_LIMIT: Final = 100_000
"""Matches counted for the total of a search; beyond it nobody turns pages."""
FRAME_PIXELS: Final = 40_000_000
FRAME_BYTES: Final = 256 * MIB
"""One frame as it is stored; a longer one is had with its instance only."""
DECODING_BYTES: Final = 256 * MIB
"""Address space that one decoding may take on top of an idle child's, with DECODING_BYTES_FOR_A_SAMPLE for
each sample of the frame and four times its encoded bytes, up to DECODING_BYTES_AT_MOST."""
DECODING_BYTES_FOR_A_SAMPLE: Final = 32
DECODING_BYTES_AT_MOST: Final = 3 * GIB
DECODING_CPU_SECONDS: Final = 20
INDEXED_FRAMES: Final = 100_000
"""Of one instance; frames behind them are looked for in the instance each time."""
ECG_OBJECT_LIMIT: Final = 64 * MIB
"""An object that is read whole to be drawn."""
ECG_CHANNELS: Final = 64
ECG_ANNOTATIONS: Final = 10_000
ECG_RECORDINGS: Final = 64
"""Of one file: the rhythm, median beats, and the strips of a cart that records lead after lead."""
ECG_SAMPLES: Final = 4_000_000
"""Of all channels together: 12 leads of 5 minutes at 1,000 Hz; longer recordings are read in pages."""
ECG_SHEET_PIXELS: Final = 32_000_000
"""Of a sheet as PNG: ten seconds at 25 mm/s have a fifth of it at 300 an inch."""
FOREIGN_FILE_LIMIT: Final = 256 * MIB
"""A file that is no DICOM, with those beside it that belong to it."""
ECG_XML_ELEMENTS: Final = 100_000
ECG_XML_DEPTH: Final = 100
"""Of one ECG written as XML, which is no longer than ECG_OBJECT_LIMIT."""

ARCHIVE_ENTRIES: Final = 10_000
ARCHIVE_INFLATED: Final = 4 * GIB
ARCHIVE_RATIO: Final = 100

LOGIN_ATTEMPTS: Final = 5
LOGIN_WINDOW_SECONDS: Final = 15 * 60
SESSION_IDLE_SECONDS: Final = 30 * 60
SESSION_SECONDS: Final = 12 * 60 * 60
RECENT_LOGIN_SECONDS: Final = 60 * 60
"""Who logged in with a browser longer ago gives their password again to sign."""

KEPT_ASIDE_BYTES: Final = 10 * GIB
KEPT_ASIDE_ROWS: Final = 10_000
"""Of each site beside the archive, waiting for a person; beyond it a device is told to send again later."""

DISK_RESERVE_BYTES: Final = 512 * MIB
"""Refuse new instances (A700, 507) before the disk is full; clinical data is never deleted to make room."""

CATALOGUE_SECONDS: Final = 10.0
"""The longest wait for the catalogue: for a turn to write, for a lock, for one answer of its server."""
CATALOGUE_CONNECTIONS: Final = 10
"""Connections that one process keeps open to a PostgreSQL server; under load it borrows half as many more."""

RETAKE_INSTANCES: Final = 100
"""Instances that one ask for better images names."""
STUDIES_OF_A_CASE: Final = 50
"""Studies of one visit that are read together."""

EVENT_STREAMS: Final = 256
"""Pages that one process keeps up to date at once."""
EVENT_STREAMS_PER_ACCOUNT: Final = 8
EVENT_STREAM_SECONDS: Final = 15 * 60
"""A stream ends then, and a browser opens the next one by itself."""
EVENT_BACKLOG: Final = 500
"""Changes that a page is told of when it comes back; after more than that it has to look at everything."""

MARKS: Final = 200
"""Of one study: measures, arrows and key images together."""
KEY_IMAGES: Final = 20

UPLOAD_FILES: Final = 5_000
"""Files that one upload announces; more are several uploads."""
UPLOAD_FILE_BYTES: Final = 4 * GIB
"""One file, which may be a ZIP; a data set in it is bounded as any other."""
UPLOAD_PART_BYTES: Final = 16 * MIB
"""One piece of a file, as it is sent."""
UPLOAD_PARTS: Final = 2_000
"""Pieces of one file."""
UPLOADS_OPEN: Final = 50
"""Unfinished uploads of one site."""
UPLOAD_HOURS: Final = 24
"""An upload that nothing is added to for so long is given up."""
UPLOAD_DAYS: Final = 30
"""What became of an upload's files can be looked up for so long."""
