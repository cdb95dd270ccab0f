"""The same rules for other policy engines: Cedar (cedarpy) and Casbin, where they are installed.

Each statement of `bench.corpus` becomes one policy of theirs. Cedar's `like` has no room for a variable, nor has
Casbin's glob: where a statement has one, the caller's name stands there already, which spares them that work.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from bench.corpus import API, CALLER, SOURCE_IP

SIZES: Final = (10, 100, 1000)  # they try every policy each time: ten thousand would say nothing more
TEAM: Final = CALLER.tags["team"]
NAME: Final = CALLER.user_name

Decide = Callable[[str], bool]  # of a resource's ARN

CASBIN_MODEL: Final = """
[request_definition]
r = sub, obj, act, ip, team
[policy_definition]
p = obj, act, ip, team
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = globMatch(r.obj, p.obj) && globMatch(r.act, p.act) && ipMatch(r.ip, p.ip) && globMatch(r.team, p.team)
"""


class Rule:
    """One statement of the corpus, as plain as all three engines can take it."""

    def __init__(self, number: int) -> None:
        self.action, self.network, self.team = "Invoke", "", ""
        match number % 4:
            case 0:
                self.pattern = f"{API}:api{number}/prod/GET/pets/*"
            case 1:
                self.pattern = f"{API}:*/prod/*/pets/*"
                self.network, self.team = f"10.{number // 256 % 256}.{number % 256}.0/24", f"team-{number}"
            case 2:
                self.pattern = f"{API}:api{number}/prod/*/{NAME}/*"
            case _:
                self.action, self.pattern = "*", f"arn:aws:execute-api:*:*:*/GET/other{number}/*"


def missing() -> list[str]:
    """The engines that are not installed."""
    return [name for name in ("cedarpy", "casbin") if find_spec(name) is None]


def make_cedar(size: int) -> Decide:
    """Cedar with its policies and entities read already."""
    cedarpy = import_module("cedarpy")
    policies = cedarpy.PolicySet.from_str("\n".join(_cedar(Rule(number)) for number in range(size)))
    entities = cedarpy.Entities.from_json_str("[]")

    def decide(resource: str) -> bool:
        request = {
            "principal": 'User::"alice"',
            "action": 'Action::"Invoke"',
            "resource": 'Api::"api"',
            "context": {"arn": resource, "ip": {"__extn": {"fn": "ip", "arg": SOURCE_IP}}, "team": TEAM},
        }
        return bool(cedarpy.is_authorized(request, policies, entities).allowed)

    return decide


def make_casbin(size: int) -> Decide:
    """Casbin with its policies loaded."""
    casbin: Any = import_module("casbin")
    model = casbin.Model()
    model.load_model_from_text(CASBIN_MODEL)
    enforcer = casbin.Enforcer(model)
    rules = [Rule(number) for number in range(size)]
    enforcer.add_policies(
        [[each.pattern, each.action, each.network or "0.0.0.0/0", each.team or "*"] for each in rules]
    )
    enforcer.add_function("globMatch", _glob_match)

    def decide(resource: str) -> bool:
        return bool(enforcer.enforce(NAME, resource, "Invoke", SOURCE_IP, TEAM))

    return decide


ENGINES: Final[dict[str, Callable[[int], Decide]]] = {"cedarpy": make_cedar, "casbin": make_casbin}


def _cedar(rule: Rule) -> str:
    action = "action" if rule.action == "*" else f'action == Action::"{rule.action}"'
    terms = [f'context.arn like "{rule.pattern}"']
    if rule.network:
        terms.append(f'context.ip.isInRange(ip("{rule.network}"))')
        terms.append(f'context.team == "{rule.team}"')
    return f"permit(principal, {action}, resource) when {{ {' && '.join(terms)} }};"


def _glob_match(text: str, pattern: str) -> bool:
    """What Casbin's own function of this name does for patterns whose only wildcard is a star, but over slashes."""
    parts = pattern.split("*")
    if len(parts) == 1:
        return text == pattern
    if not text.startswith(parts[0]) or not text.endswith(parts[-1]):
        return False
    at = len(parts[0])
    for part in parts[1:-1]:
        at = text.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return at <= len(text) - len(parts[-1])
