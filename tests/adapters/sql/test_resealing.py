import ast
import base64
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from tests.adapters.sql.test_function_store import record
from tests.architecture.sources import PACKAGE, calls

from yett.adapters.sql import function_documents, iam_documents, resealing, stack_store, user_pool_store
from yett.adapters.sql.credential_store import SqlCredentialStore
from yett.adapters.sql.database import Database
from yett.adapters.sql.documents import Transaction
from yett.adapters.sql.function_store import SqlFunctionStore
from yett.adapters.sql.iam_store import SqlIamStore
from yett.adapters.sql.resealing import IDENTITIES, StillSealing, reseal, shut
from yett.adapters.sql.schema import DOCUMENTS
from yett.adapters.sql.sealing import VERSION, Sealer, key_id
from yett.adapters.sql.stack_store import SqlStackStore
from yett.adapters.sql.user_pool_store import KEYS, SqlUserPoolStore
from yett.ports.function_store import EventRecord
from yett.ports.iam_store import AccessKey, AccessKeyStatus, SamlPrivateKey, SamlProvider, User
from yett.ports.signing_keys import PoolKeys, SigningKey
from yett.ports.stack_store import StackRecord
from yett.rules.cognito_idp.user_pool import PoolPlace
from yett.rules.iam.mfa_devices import MfaDevice
from yett.rules.iam.passwords import LoginProfile
from yett.values.secret import Secret

ACCOUNT, REGION = "123456789012", "us-east-1"
PLACE = PoolPlace(ACCOUNT, REGION, "us-east-1_pool")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
OLD, NEW, OTHER = b"o" * 32, b"n" * 32, b"x" * 32
PASTED = base64.b64encode(Sealer(OLD).seal(b"a session token that somebody put here", identity="sts")).decode()

DEVICE = MfaDevice(account=ACCOUNT, name="phone", path="/", created_at=NOW, seed=Secret("MFRGGZDF"))
IDP = SamlProvider(
    account=ACCOUNT,
    name="Idp",
    path="/",
    id="SAMLSP",
    created_at=NOW,
    metadata=f"<!-- {PASTED} -->",
    entity_id="urn:idp",
    certificates=(b"certificate",),
    valid_until=NOW,
    private_keys=(SamlPrivateKey(id="SAMLPK", added_at=NOW, pem=Secret("a private key")),),
)
PROFILE = LoginProfile(account=ACCOUNT, user_id="AIDA1", created_at=NOW, changed_at=NOW, hash=Secret("argon2id"))
EVENT = EventRecord(request_id="id", function_arn="f", payload=b"[]", accepted_at=NOW, due_at=NOW)


async def fill(database: Database) -> None:
    """A document of each kind that is always sealed, and one with text that looks sealed."""
    key = AccessKey(
        account=ACCOUNT,
        access_key_id="AKIAEXAMPLE",
        owner_id=ACCOUNT,
        user_name=None,
        status=AccessKeyStatus.ACTIVE,
        created_at=NOW,
        secret_access_key=Secret("hush"),
    )
    await SqlIamStore(database).add_access_key(key, at_most=2)
    await SqlIamStore(database).add(IDP)
    await SqlCredentialStore(database).add_mfa_device(DEVICE)
    await SqlIamStore(database).add(User(account=ACCOUNT, name="u", path="/", id="AIDA1", created_at=NOW))
    await SqlCredentialStore(database).add_login_profile(PROFILE)
    functions = SqlFunctionStore(database)
    await functions.add(record("f", b"code", description=PASTED), b"code")
    await functions.publish(record("f", b"code", version="1"), expected_revision_id="1")
    await functions.put_event(EVENT)
    await SqlStackStore(database).put(stack())
    await database.write(put_keys)


def stack() -> StackRecord:
    return StackRecord(account=ACCOUNT, region=REGION, name="s", stack_id="arn", resources=(), updated_at=NOW, serial=1)


def put_keys(tx: Transaction) -> None:
    made = SigningKey(kid="AQkid", private_pem=Secret("pem"), public_jwk={})
    body = user_pool_store.encode(tx, KEYS, PLACE.pool_id, PoolKeys(id=made, access=made))
    tx.put(ACCOUNT, REGION, KEYS, PLACE.pool_id, body)


async def check(database: Database) -> None:
    """Everything opens."""
    found = await SqlIamStore(database).find_access_key("AKIAEXAMPLE")
    assert found is not None
    assert found.secret_access_key == Secret("hush")
    assert await SqlCredentialStore(database).find_login_profile(ACCOUNT, "AIDA1") == PROFILE
    assert await SqlCredentialStore(database).find_mfa_device(ACCOUNT, DEVICE.serial_number) == DEVICE
    assert await SqlIamStore(database).find(SamlProvider, ACCOUNT, "idp") == IDP
    function = await SqlFunctionStore(database).find(ACCOUNT, REGION, "f")
    assert function is not None
    assert (function.environment, function.description) == ({"PASSWORD": "correct-horse"}, PASTED)
    version = await SqlFunctionStore(database).find(ACCOUNT, REGION, "f", version="1")
    assert version is not None
    assert version.environment == {"PASSWORD": "correct-horse"}
    assert await SqlFunctionStore(database).list_events() == (EVENT,)
    assert await SqlStackStore(database).find(ACCOUNT, REGION, "s") == stack()
    keys = await SqlUserPoolStore(database).find_keys(PLACE)
    assert keys is not None
    assert keys.access.private_pem == Secret("pem")


async def bodies(database: Database) -> bytes:
    query = select(DOCUMENTS.c.body)
    return b"\n".join(await database.read(lambda tx: [bytes(row[0]) for row in tx.connection.execute(query)]))


def traces(body: bytes, key: bytes) -> int:
    """How often a record under this key is in there."""
    beginning = VERSION + key_id(key)
    return body.count(beginning) + body.count(base64.b64encode(beginning))


async def test_nothing_is_left_under_the_former_key(database_url: str) -> None:
    former = Database.open(database_url, sealer=Sealer(OLD))
    await fill(former)
    assert traces(await bodies(former), OLD) == 12
    await former.close()
    sealer = Sealer(NEW, OLD)
    rotating = Database.open(database_url, sealer=sealer)
    assert await reseal(rotating, sealer) == 9
    assert await reseal(rotating, sealer) == 0
    await rotating.close()
    now = Database.open(database_url, sealer=Sealer(NEW))
    await check(now)
    assert traces(await bodies(now), OLD) == 2  # the pasted texts
    assert traces(await bodies(now), NEW) == 10
    await now.close()


async def test_what_cannot_be_opened_is_found(database: Database) -> None:
    await fill(database)
    sealers = {"right": Sealer(b"k" * 32), "another": Sealer(OTHER), "none": None}
    found = {
        name: await database.read(lambda tx, sealer=sealer: shut(tx.connection, sealer))  # type: ignore[misc]
        for name, sealer in sealers.items()
    }
    every = {
        "iam.access-key": 1,
        "iam.mfa-device": 1,
        "iam.login-profile": 1,
        "cloudformation.stack": 1,
        "cognito.keys": 1,
    }
    every |= {"lambda.function": 1, "lambda.version": 1, "lambda.event": 1}
    assert found == {"right": {}, "another": every, "none": every}


async def test_a_server_that_goes_on_sealing_under_the_former_key_is_noticed(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealer = Sealer(NEW, OLD)
    database = Database.open(database_url, sealer=sealer)
    stale = Database.open(database_url, sealer=Sealer(OLD))
    once = resealing.reseal_once

    async def reseal_once(database: Database, sealer: Sealer) -> int:
        await stale.write(put_keys)
        return await once(database, sealer)

    monkeypatch.setattr(resealing, "reseal_once", reseal_once)
    try:
        with pytest.raises(StillSealing):
            await reseal(database, sealer)
    finally:
        await stale.close()
        await database.close()


def test_every_module_that_seals_documents_has_its_kinds_in_the_table() -> None:
    sealing = {
        path.stem
        for path in (PACKAGE / "adapters" / "sql").rglob("*.py")
        if any(called == "seal" for called, _ in calls(path))
    }
    covered = {"iam_documents", "function_documents", "stack_store", "sealed_documents"}
    assert sealing == covered | {"documents", "resealing"}  # the one hands on, the other is what is tested here
    kinds = {
        iam_documents.ACCESS_KEY,
        iam_documents.MFA_DEVICE,
        iam_documents.LOGIN_PROFILE,
        stack_store.STACK,
        *user_pool_store.SEALED_KINDS,
    }
    kinds |= {iam_documents.SAML_PROVIDER}
    kinds |= {function_documents.FUNCTION, function_documents.VERSION, function_documents.EVENT}
    assert set(IDENTITIES) == kinds


def test_every_kind_of_user_pools_is_in_the_table() -> None:
    tree = ast.parse((PACKAGE / "adapters/sql/user_pool_store.py").read_text())
    named = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("cognito.")
    }
    assert named <= set(IDENTITIES)
