"""The answers to what ports ask: SQL, runtimes, HTTP. Known to `server/wiring.py` alone; adapters decide nothing."""
