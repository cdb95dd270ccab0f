"""The answers to what ports ask: SQL, runtimes, HTTP. Known to `server/parts.py` and `server/upkeep.py` alone; adapters
decide nothing.
"""
