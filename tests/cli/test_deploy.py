import json
import urllib.request
from pathlib import Path

from tests.cli.conftest import TEMPLATE, Shop
from tests.cli.processes import run
from tests.cli.test_audit import GUARDED

SMALL = """\
Parameters: {Name: {Type: String, Default: small}}
Resources:
  Group: {Type: AWS::IAM::Group, Properties: {GroupName: !Sub "${Name}-group"}}
  Clerk: {Type: AWS::IAM::User, Properties: {Groups: [!Ref Group]}}
  Key: {Type: AWS::IAM::AccessKey, Properties: {UserName: !Ref Clerk}}
Outputs:
  Group: {Value: !Ref Group}
"""


def test_a_template_goes_up_on_a_running_server_and_comes_down(shop: Shop, tmp_path: Path) -> None:
    folder = tmp_path / "whole"
    folder.mkdir()
    text = TEMPLATE.read_text().replace("Domain: shop}", "Domain: another}").replace("UserName: ", "UserName: another-")
    (folder / "template.yaml").write_text(text)
    went_up = run("yett", "deploy", "template.yaml", "--json", environment=shop.environment, cwd=folder)
    assert went_up.returncode == 0, went_up.stderr
    summary = json.loads(went_up.stdout)
    assert summary["stackName"] == "whole"
    assert summary["changed"]
    server = shop.url.split("/restapis/")[0]
    (api,) = summary["apis"]
    url = f"{server}/restapis/{api['apiId']}/{api['stage']}/_user_request_/open"
    with urllib.request.urlopen(url, timeout=30) as answer:
        assert json.load(answer)["path"] == "/open"
    again = run("yett", "deploy", "template.yaml", environment=shop.environment, cwd=folder)
    assert "stack whole: nothing to change" in again.stdout
    gone = run("yett", "destroy", "whole", environment=shop.environment, cwd=folder)
    assert gone.returncode == 0, gone.stderr
    listed = run("yett", "stacks", "--json", environment=shop.environment, cwd=folder)
    assert "whole" not in [one["name"] for one in json.loads(listed.stdout)["stacks"]]


def test_a_plan_is_shown_and_nothing_done(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(SMALL)
    words = ("deploy", "small.yaml", "--stack-name", "planned")
    shown = run("yett", *words, "--plan", environment=shop.environment, cwd=tmp_path)
    assert "+ create  Group (AWS::IAM::Group, line 3)" in shown.stdout
    assert "stack planned: 3 to create; 0 stay as they are" in shown.stdout
    listed = run("yett", "stacks", "--json", environment=shop.environment, cwd=tmp_path)
    assert "planned" not in [one["name"] for one in json.loads(listed.stdout)["stacks"]]


def test_a_refused_change_says_the_line_and_is_put_back(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    words = ("deploy", "small.yaml", "--stack-name", "refused")
    assert run("yett", *words, environment=shop.environment, cwd=tmp_path).returncode == 0
    path.write_text(SMALL.replace("UserName: !Ref Clerk", "UserName: nobody").replace("small}}", "large}}"))
    refused = run("yett", *words, environment=shop.environment, cwd=tmp_path)
    assert refused.returncode == 1
    assert "small.yaml:5: `Key` (AWS::IAM::AccessKey)" in refused.stderr
    path.write_text(SMALL)
    again = run("yett", *words, "--json", environment=shop.environment, cwd=tmp_path)
    assert json.loads(again.stdout)["changed"] is False
    assert json.loads(again.stdout)["outputs"] == {"Group": "small-group"}
    assert run("yett", "destroy", "refused", environment=shop.environment, cwd=tmp_path).returncode == 0


def test_without_permission_nothing_is_told_or_done(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(SMALL)
    stranger = shop.environment | {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "x" * 40}
    refused = run("yett", "deploy", "small.yaml", environment=stranger, cwd=tmp_path)
    assert refused.returncode == 1
    assert "sign this request" in refused.stderr


def test_parameters_are_given_as_name_and_value(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(SMALL)
    words = ("deploy", "small.yaml", "--stack-name", "given", "-p", "Name=other", "--plan", "--json")
    plan = json.loads(run("yett", *words, environment=shop.environment, cwd=tmp_path).stdout)
    (group,) = [one for one in plan["changes"] if one["logicalId"] == "Group"]
    assert group["properties"] == [{"path": "GroupName", "before": None, "after": "other-group"}]


def test_an_authorizer_that_will_surprise_is_told_of(shop: Shop, tmp_path: Path) -> None:
    folder = tmp_path / "guarded"
    folder.mkdir()
    (folder / "template.yaml").write_text(GUARDED)
    went_up = run("yett", "deploy", "template.yaml", environment=shop.environment, cwd=folder)
    assert went_up.returncode == 0, went_up.stderr
    beware = [line.strip() for line in went_up.stdout.splitlines() if "beware" in line]
    assert [line.split(": ")[1] for line in beware] == ["authorizer Narrow", "authorizer Wide"]
    again = run("yett", "deploy", "template.yaml", "--json", environment=shop.environment, cwd=folder)
    codes = [each["code"] for each in json.loads(again.stdout)["warnings"]]
    assert codes == ["AUTHORIZER_NAMES_ONE_METHOD", "AUTHORIZER_ALLOWS_EVERYTHING"]
    assert run("yett", "destroy", "guarded", environment=shop.environment, cwd=folder).returncode == 0
