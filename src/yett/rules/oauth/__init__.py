"""Rules of OAuth 2.0's endpoints: who the client is, what it asks for, which scopes it gets. No store, no clock."""
