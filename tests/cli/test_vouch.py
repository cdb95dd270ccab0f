import json
import re

from tests.cli.conftest import Shop
from tests.cli.processes import run


def test_a_rule_is_made_listed_and_removed(shop: Shop) -> None:
    def said(*words: str, status: int = 0) -> str:
        result = run("yett", "vouch", *words, environment=shop.environment, cwd=shop.directory)
        assert result.returncode == status, result.stderr
        return result.stdout if status == 0 else result.stderr

    clerk = "arn:aws:iam::123456789012:user/clerk"
    made = said("add", "ASIAEXAMPLEEXAMPLE00", "--as", clerk, "--for", "90s")
    found = re.match(rf"(vouch-[0-9a-f]+)  ASIAEXAMPLEEXAMPLE00 is taken for {clerk} until \S+, unverified\n", made)
    assert found is not None
    [listed] = json.loads(said("list", "--json"))["vouchers"]
    assert (listed["id"], listed["principal"]) == (found[1], clerk)
    assert said("remove", found[1]) == "nobody is vouched for\n"
    assert "there is no rule" in said("remove", found[1], status=1)
    assert "write 90s, 30m or 2h" in said("add", "ASIAEXAMPLEEXAMPLE00", "--as", clerk, "--for", "soon", status=2)
    assert "no user or role session" in said("add", "ASIAEXAMPLEEXAMPLE00", "--as", "nobody", status=1)
