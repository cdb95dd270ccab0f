"""State in SQLite or PostgreSQL: sealed documents by account, and a module per store port. No rule of AWS."""
