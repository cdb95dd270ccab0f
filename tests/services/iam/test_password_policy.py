from tests.services.aws import ACCOUNT, Aws, allow

MISSING = ("NoSuchEntity", f"The Password Policy with domain name {ACCOUNT} cannot be found.")
DEFAULTS = {
    "MinimumPasswordLength": 6,
    "RequireSymbols": False,
    "RequireNumbers": False,
    "RequireUppercaseCharacters": False,
    "RequireLowercaseCharacters": False,
    "AllowUsersToChangePassword": False,
    "ExpirePasswords": False,
}


async def test_an_account_has_no_policy_until_it_is_given_one(aws: Aws) -> None:
    assert await aws.refused("iam:GetAccountPasswordPolicy") == MISSING
    refused = await aws.refused("iam:DeleteAccountPasswordPolicy")
    assert refused == ("NoSuchEntity", "The account policy with name PasswordPolicy cannot be found.")
    await aws.do("iam:UpdateAccountPasswordPolicy")
    assert (await aws.do("iam:GetAccountPasswordPolicy"))["PasswordPolicy"] == DEFAULTS
    other = await aws.ports.callers.root("999999999999")
    assert (await aws.refused("iam:GetAccountPasswordPolicy", other))[0] == "NoSuchEntity"
    await aws.do("iam:DeleteAccountPasswordPolicy")
    assert await aws.refused("iam:GetAccountPasswordPolicy") == MISSING


async def test_an_update_says_all_of_it_anew(aws: Aws) -> None:
    whole = {
        "MinimumPasswordLength": 14,
        "RequireSymbols": True,
        "RequireNumbers": True,
        "RequireUppercaseCharacters": True,
        "RequireLowercaseCharacters": True,
        "AllowUsersToChangePassword": True,
        "MaxPasswordAge": 90,
        "PasswordReusePrevention": 24,
        "HardExpiry": True,
    }
    await aws.do("iam:UpdateAccountPasswordPolicy", **whole)
    found = (await aws.do("iam:GetAccountPasswordPolicy"))["PasswordPolicy"]
    assert found == {**whole, "ExpirePasswords": True}
    await aws.do("iam:UpdateAccountPasswordPolicy", RequireNumbers=True)
    assert (await aws.do("iam:GetAccountPasswordPolicy"))["PasswordPolicy"] == {**DEFAULTS, "RequireNumbers": True}


async def test_bounds_are_those_of_the_model(aws: Aws) -> None:
    for params in (
        {"MinimumPasswordLength": 5},
        {"MinimumPasswordLength": 129},
        {"MaxPasswordAge": 0},
        {"MaxPasswordAge": 1096},
        {"PasswordReusePrevention": 25},
    ):
        assert (await aws.refused("iam:UpdateAccountPasswordPolicy", **params))[0] == "ValidationError"


async def test_it_is_read_and_changed_by_whoever_may(aws: Aws) -> None:
    await aws.do("iam:UpdateAccountPasswordPolicy")
    reader = await aws.user("reader", allow("iam:GetAccountPasswordPolicy"))
    assert (await aws.do("iam:GetAccountPasswordPolicy", reader))["PasswordPolicy"] == DEFAULTS
    assert (await aws.refused("iam:UpdateAccountPasswordPolicy", reader))[0] == "AccessDenied"
    assert (await aws.refused("iam:DeleteAccountPasswordPolicy", reader))[0] == "AccessDenied"
