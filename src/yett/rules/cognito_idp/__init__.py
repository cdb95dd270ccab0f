"""Rules of user pools: what a pool, its clients, users and tokens are, and what is refused. No store, no clock."""
