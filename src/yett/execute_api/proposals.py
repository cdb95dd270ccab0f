"""What would allow a call that was refused, held against everybody else's calls of the same stage."""

from collections.abc import Mapping

from yett.execute_api.access_matrix import cells_beside
from yett.execute_api.decisions import Record
from yett.execute_api.principals import known_principals, own_policies
from yett.policy import Outcome
from yett.ports.bundle import Ports
from yett.rules.execute_api.call import Standing
from yett.rules.execute_api.what_would_allow import what_would_allow
from yett.values.identity import ANONYMOUS


async def propose(record: Record, ports: Ports) -> list[Mapping[str, object]]:
    """Proposals for a call whose policies refused it; none for any other."""
    question, decision = record.question, record.decision
    if question is None or decision is None or decision.outcome is Outcome.ALLOW:
        return []
    standing = record.standing or Standing(identity=ANONYMOUS)
    principals = await known_principals(ports, account=question.plan.account, now=question.facts.received_at)
    proposals = what_would_allow(
        question,
        standing,
        decision,
        own_policies=await own_policies(standing, ports),
        others=cells_beside(question, standing, principals),
    )
    return [each.describe() for each in proposals]
