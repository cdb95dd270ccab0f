"""A server as `yett serve` runs it, for a benchmark to load: it also mints tokens, which no operation does in bulk.

    python -m bench.yett_server HOME [WORKERS]

With workers, administration has a port of its own. Prints a line of JSON with ports and root credentials. For each line
of JSON that it then reads, with `place` (account, region and id of a user pool), `claims` and `count`, it prints one
with as many tokens of that pool, each with a `jti` of its own.
"""

import asyncio
import json
import sys
import uuid
from pathlib import Path
from urllib.parse import urlsplit

from yett.cli.serving import serve_until_told
from yett.rules.cognito_idp.user_pool import PoolPlace
from yett.server.run import Server
from yett.server.settings import Address, ServerSettings


async def obey(server: Server) -> None:
    """Say where the server is, and mint what is asked for."""
    secret = server.root.secret_access_key.reveal()
    said = {"port": server.port, "admin_port": urlsplit(server.url).port}
    said |= {"access_key": server.root.access_key_id, "secret_key": secret}
    print(json.dumps(said), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        asked = json.loads(line)
        place, claims = PoolPlace(*asked["place"]), asked["claims"]
        tokens = [
            await server.ports.signing_keys.sign(place, {**claims, "jti": str(uuid.uuid4())}, token_use="id")
            for _ in range(asked["count"])
        ]
        print(json.dumps(tokens), flush=True)


if __name__ == "__main__":
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    admin = Address("127.0.0.1", 0) if workers else None
    serve_until_told(ServerSettings(home=Path(sys.argv[1]), port=0, workers=workers, admin=admin), obey)
