"""The tables: documents by account, pointers that find them from outside an account, revisions, the audit trail.

What a document holds is its store's business; the schema knows only where it lives. Keys compare byte by byte on both
databases (SQLite's BINARY, PostgreSQL's "C").
"""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

STEPS: Final = ("0001", "0002")  # of migrations/versions, oldest first
HEAD: Final = STEPS[-1]

METADATA: Final = MetaData()
BYTEWISE: Final = Text().with_variant(Text(collation="C"), "postgresql")

DOCUMENTS: Final = Table(
    "documents",
    METADATA,
    Column("account", String(12), primary_key=True),
    Column("region", String(32), primary_key=True),  # "" for global services
    Column("kind", String(64), primary_key=True),  # "iam.user"
    Column("key", BYTEWISE, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

POINTERS: Final = Table(
    "pointers",
    METADATA,
    Column("kind", String(64), primary_key=True),  # "access-key"
    Column("value", BYTEWISE, primary_key=True),
    Column("account", String(12), nullable=False),
    Column("region", String(32), nullable=False),
    Column("key", BYTEWISE, nullable=False),
)

REVISIONS: Final = Table(
    "revisions",
    METADATA,
    Column("scope", BYTEWISE, primary_key=True),  # "stage:abc123/prod"
    Column("revision", BigInteger, nullable=False),
)

AUDIT: Final = Table(
    "audit",
    METADATA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("account", String(12), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("audit_by_account", "account", "number"),
)
