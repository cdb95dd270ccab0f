import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from tests.services.cognito_idp.world import PASSWORD, World, secret_hash

from yett.services.call import ServiceError


def refused(code: str, message: str) -> Any:
    return pytest.raises(ServiceError, match=f"^{code}: {message}$")


WRONG = refused("NotAuthorizedException", "Incorrect username or password.")


async def test_the_right_password_gives_three_tokens(world: World) -> None:
    pool_id = await world.pool()
    client = await world.client(pool_id)
    await world.user(pool_id)
    answer = await world.sign_in(client)
    result = answer["AuthenticationResult"]
    assert set(result) == {"AccessToken", "IdToken", "RefreshToken", "ExpiresIn", "TokenType"}
    assert (result["ExpiresIn"], result["TokenType"], answer["ChallengeParameters"]) == (3600, "Bearer", {})


async def test_a_wrong_password_and_an_unknown_user_read_as_the_client_wants(world: World) -> None:
    pool_id = await world.pool()
    legacy = await world.client(pool_id)
    hiding = await world.client(pool_id, PreventUserExistenceErrors="ENABLED")
    await world.user(pool_id)
    with WRONG:
        await world.sign_in(legacy, password="Wrong-Horse-7")
    with refused("UserNotFoundException", "User does not exist."):
        await world.sign_in(legacy, name="bob")
    with WRONG:
        await world.sign_in(hiding, name="bob")


async def test_an_unknown_user_costs_a_password_check(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pool_id = await world.pool()
    client = await world.client(pool_id)
    checked: list[object] = []
    right = world.passwords._matches

    def count(kept: Any, password: str) -> bool:
        checked.append(kept)
        return right(kept, password)

    monkeypatch.setattr(world.passwords, "_matches", count)
    with refused("UserNotFoundException", "User does not exist."):
        await world.sign_in(client, name="bob")
    assert len(checked) == 1


async def test_disabled_unconfirmed_and_reset_users_do_not_sign_in(world: World) -> None:
    pool_id = await world.pool(AutoVerifiedAttributes=["email"])
    client = await world.client(pool_id)
    await world.user(pool_id, "ann", email="ann@example.com", email_verified="true")
    await world.do("AdminDisableUser", UserPoolId=pool_id, Username="ann")
    with refused("NotAuthorizedException", "User is disabled."):
        await world.sign_in(client)
    await world.do("AdminEnableUser", UserPoolId=pool_id, Username="ann")
    await world.do("AdminResetUserPassword", UserPoolId=pool_id, Username="ann")
    with refused("PasswordResetRequiredException", "Password reset required for the user"):
        await world.sign_in(client)
    await world.do("SignUp", ClientId=client["ClientId"], Username="bob", Password=PASSWORD)
    with refused("UserNotConfirmedException", "User is not confirmed."):
        await world.sign_in(client, name="bob")
    with WRONG:
        await world.sign_in(client, name="bob", password="Wrong-Horse-7")


async def test_after_five_failures_even_the_right_password_waits(world: World) -> None:
    pool_id = await world.pool()
    client = await world.client(pool_id)
    await world.user(pool_id)
    for _ in range(5):
        with WRONG:
            await world.sign_in(client, password="Wrong-Horse-7")
    with refused("NotAuthorizedException", "Password attempts exceeded"):
        await world.sign_in(client)
    world.move(seconds=1)
    await world.sign_in(client)
    with WRONG:  # the count began anew
        await world.sign_in(client, password="Wrong-Horse-7")


async def test_a_name_that_nobody_has_is_locked_like_a_users_where_the_client_hides_who_exists(world: World) -> None:
    pool_id = await world.pool()
    client = await world.client(pool_id, PreventUserExistenceErrors="ENABLED")
    for _ in range(5):
        with WRONG:
            await world.sign_in(client, name="bob")
    for name in ("bob", "bob"):
        with refused("NotAuthorizedException", "Password attempts exceeded"):
            await world.sign_in(client, name=name)
    with refused("NotAuthorizedException", "Password attempts exceeded"):
        await srp(world, pool_id, client, "bob", PASSWORD)
    world.move(seconds=1)
    with WRONG:
        await srp(world, pool_id, client, "bob", PASSWORD)


async def test_flows_that_the_client_or_the_operation_lacks_are_refused(world: World) -> None:
    pool_id = await world.pool()
    client = await world.client(pool_id, ExplicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"])
    given: dict[str, Any] = {"ClientId": client["ClientId"], "AuthParameters": {"USERNAME": "a", "PASSWORD": "b"}}
    with refused("InvalidParameterException", "USER_PASSWORD_AUTH flow not enabled for this client"):
        await world.do("InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", **given)
    with refused("InvalidParameterException", "Initiate Auth method not supported."):
        await world.do("InitiateAuth", AuthFlow="ADMIN_USER_PASSWORD_AUTH", **given)
    with refused("InvalidParameterException", "Auth flow not enabled for this client"):
        await world.do("AdminInitiateAuth", UserPoolId=pool_id, AuthFlow="ADMIN_NO_SRP_AUTH", **given)
    with refused("InvalidParameterException", "CUSTOM_AUTH flow is not supported by yett."):
        await world.do("InitiateAuth", AuthFlow="CUSTOM_AUTH", **given)


async def test_a_client_with_a_secret_proves_it(world: World) -> None:
    pool_id = await world.pool()
    client = await world.client(pool_id, GenerateSecret=True)
    client_id = client["ClientId"]
    await world.user(pool_id)
    await world.sign_in(client)
    bare = {"ClientId": client_id}
    with refused(
        "NotAuthorizedException", f"Client {client_id} is configured with secret but SECRET_HASH was not received"
    ):
        await world.sign_in(bare)
    given = {"USERNAME": "ann", "PASSWORD": PASSWORD, "SECRET_HASH": secret_hash(client, "bob")}
    with refused("NotAuthorizedException", f"Unable to verify secret hash for client {client_id}"):
        await world.do("InitiateAuth", ClientId=client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=given)


async def test_a_client_of_another_pool_or_account_does_not_exist(world: World) -> None:
    pool_id, other_id = await world.pool(), await world.pool()
    client = await world.client(other_id)
    await world.user(pool_id)
    given: dict[str, Any] = {
        "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": "ann", "PASSWORD": PASSWORD},
    }
    with refused("ResourceNotFoundException", f"User pool client {client['ClientId']} does not exist."):
        await world.do("AdminInitiateAuth", UserPoolId=pool_id, ClientId=client["ClientId"], **given)
    with refused("ResourceNotFoundException", f"User pool {other_id} does not exist."):
        await world.do(
            "AdminInitiateAuth", account="999999999999", UserPoolId=other_id, ClientId=client["ClientId"], **given
        )
    with refused("UserNotFoundException", "User does not exist."):  # the user is another pool's
        await world.sign_in(client)


async def new_password_challenge(world: World, pool_id: str, client: dict[str, Any], **options: Any) -> Any:
    await world.do(
        "AdminCreateUser",
        UserPoolId=pool_id,
        Username="ann",
        TemporaryPassword="Temp-Horse-1",
        MessageAction="SUPPRESS",
        **options,
    )
    return await world.sign_in(client, password="Temp-Horse-1")


def answer_of(client: dict[str, Any], session: str, **responses: str) -> dict[str, Any]:
    given = {"USERNAME": "ann", "NEW_PASSWORD": PASSWORD} | responses
    if "ClientSecret" in client:
        given["SECRET_HASH"] = secret_hash(client, "ann")
    return {
        "ClientId": client["ClientId"],
        "ChallengeName": "NEW_PASSWORD_REQUIRED",
        "Session": session,
        "ChallengeResponses": given,
    }


async def test_a_temporary_password_is_exchanged_once(world: World) -> None:
    pool_id = await world.pool()
    client = await world.client(pool_id)
    challenge = await new_password_challenge(world, pool_id, client)
    assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    assert json.loads(challenge["ChallengeParameters"]["requiredAttributes"]) == []
    answer = answer_of(client, challenge["Session"])
    short = answer_of(client, challenge["Session"], NEW_PASSWORD="short")
    with refused("InvalidPasswordException", "Password did not conform with policy: Password not long enough"):
        await world.do("RespondToAuthChallenge", **short)
    signed_in = await world.do("RespondToAuthChallenge", **answer)
    assert signed_in["AuthenticationResult"]["IdToken"]
    with refused("NotAuthorizedException", "Invalid session for the user, session can only be used once."):
        await world.do("RespondToAuthChallenge", **answer)
    assert (await world.do("AdminGetUser", UserPoolId=pool_id, Username="ann"))["UserStatus"] == "CONFIRMED"
    with WRONG:
        await world.sign_in(client, password="Temp-Horse-1")
    await world.sign_in(client)


async def test_a_session_is_no_good_late_forged_or_for_another_client(world: World) -> None:
    pool_id = await world.pool()
    client, other = await world.client(pool_id), await world.client(pool_id)
    challenge = await new_password_challenge(world, pool_id, client)
    invalid = refused("NotAuthorizedException", "Invalid session for the user.")
    with invalid:
        await world.do("RespondToAuthChallenge", **answer_of(other, challenge["Session"]))
    with invalid:
        await world.do("AdminRespondToAuthChallenge", UserPoolId=pool_id, **answer_of(client, challenge["Session"]))
    for forged in ("x" * 72, "A" * 20, challenge["Session"][:-4] + "AAAA", "_" * 72):
        with invalid:
            await world.do("RespondToAuthChallenge", **answer_of(client, forged))
    world.move(minutes=3)
    with refused("NotAuthorizedException", "Invalid session for the user, session is expired."):
        await world.do("RespondToAuthChallenge", **answer_of(client, challenge["Session"]))


async def test_a_temporary_password_expires(world: World) -> None:
    pool_id = await world.pool()
    client = await world.client(pool_id)
    await new_password_challenge(world, pool_id, client)
    world.move(days=7)
    with refused("NotAuthorizedException", "Temporary password has expired and must be reset by an administrator."):
        await world.sign_in(client, password="Temp-Horse-1")


async def test_required_attributes_come_with_the_new_password(world: World) -> None:
    pool_id = await world.pool(Schema=[{"Name": "name", "Required": True}])
    client = await world.client(pool_id)
    challenge = await new_password_challenge(world, pool_id, client)
    assert json.loads(challenge["ChallengeParameters"]["requiredAttributes"]) == ["userAttributes.name"]
    with pytest.raises(ServiceError, match="InvalidParameterException"):
        await world.do("RespondToAuthChallenge", **answer_of(client, challenge["Session"]))
    again = await world.sign_in(client, password="Temp-Horse-1")
    answer = answer_of(client, again["Session"]) | {}
    answer["ChallengeResponses"]["userAttributes.name"] = "Ann"
    await world.do("RespondToAuthChallenge", **answer)
    user = await world.do("AdminGetUser", UserPoolId=pool_id, Username="ann")
    assert {"Name": "name", "Value": "Ann"} in user["UserAttributes"]


class SrpClient:
    """The public clients' side of SRP, written from their description and not from our rules."""

    n = int(
        "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD"
        "3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F"
        "24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552"
        "BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF0"
        "6F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64EC"
        "FB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A"
        "0864D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D1"
        "20A93AD2CAFFFFFFFFFFFFFFFF",
        16,
    )

    def __init__(self, secret: int) -> None:
        self.secret = secret
        self.public = pow(2, secret, self.n)

    @staticmethod
    def pad(number: int) -> bytes:
        text = f"{number:x}"
        text = text.zfill(len(text) + len(text) % 2)
        return bytes.fromhex(f"00{text}" if text[0] in "89abcdef" else text)

    def answer(self, pool_id: str, password: str, given: dict[str, str], timestamp: str) -> dict[str, str]:
        def h(data: bytes) -> int:
            return int(hashlib.sha256(data).hexdigest(), 16)

        name, username = pool_id.split("_")[1], given["USER_ID_FOR_SRP"]
        server = int(given["SRP_B"], 16)
        u = h(self.pad(self.public) + self.pad(server))
        inner = hashlib.sha256(f"{name}{username}:{password}".encode()).digest()
        x = h(self.pad(int(given["SALT"], 16)) + inner)
        k = h(bytes.fromhex("00" + f"{self.n:x}" + "02"))
        shared = pow(server - k * pow(2, x, self.n), self.secret + u * x, self.n)
        prk = hmac.new(self.pad(u), self.pad(shared), hashlib.sha256).digest()
        key = hmac.new(prk, b"Caldera Derived Key" + bytes([1]), hashlib.sha256).digest()[:16]
        block = base64.b64decode(given["SECRET_BLOCK"])
        message = name.encode() + username.encode() + block + timestamp.encode()
        return {
            "USERNAME": username,
            "PASSWORD_CLAIM_SECRET_BLOCK": given["SECRET_BLOCK"],
            "TIMESTAMP": timestamp,
            "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode(),
        }


async def srp(world: World, pool_id: str, client: dict[str, Any], name: str, password: str) -> Any:
    side = SrpClient(0x1234567890ABCDEF << 512 | 77)
    begun = await world.do(
        "InitiateAuth",
        ClientId=client["ClientId"],
        AuthFlow="USER_SRP_AUTH",
        AuthParameters={"USERNAME": name, "SRP_A": f"{side.public:x}"},
    )
    assert begun["ChallengeName"] == "PASSWORD_VERIFIER"
    responses = side.answer(pool_id, password, begun["ChallengeParameters"], "Fri Jan 2 03:04:05 UTC 2026")
    return await world.do(
        "RespondToAuthChallenge",
        ClientId=client["ClientId"],
        ChallengeName="PASSWORD_VERIFIER",
        ChallengeResponses=responses,
    )


async def test_an_independent_srp_client_signs_in_with_the_right_password_only(world: World) -> None:
    pool_id = await world.pool(UsernameAttributes=["email"])
    client = await world.client(pool_id, PreventUserExistenceErrors="ENABLED")
    await world.user(pool_id, "ann@example.com")
    answer = await srp(world, pool_id, client, "ann@example.com", PASSWORD)
    assert answer["AuthenticationResult"]["AccessToken"]
    with WRONG:
        await srp(world, pool_id, client, "ann@example.com", "Wrong-Horse-7")
    with WRONG:
        await srp(world, pool_id, client, "bob@example.com", PASSWORD)


@pytest.mark.parametrize("public", ["0", f"{SrpClient.n:x}", f"{2 * SrpClient.n:x}", "zz", "-1", ""])
async def test_an_srp_value_with_which_any_password_would_do_is_refused(world: World, public: str) -> None:
    pool_id = await world.pool()
    client = await world.client(pool_id)
    await world.user(pool_id)
    with pytest.raises(ServiceError, match="InvalidParameterException"):
        await world.do(
            "InitiateAuth",
            ClientId=client["ClientId"],
            AuthFlow="USER_SRP_AUTH",
            AuthParameters={"USERNAME": "ann", "SRP_A": public},
        )
