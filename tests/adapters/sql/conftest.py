"""What lies in SQL is tried on every database."""

from tests.databases import database, database_url, postgresql_url

__all__ = ["database", "database_url", "postgresql_url"]
