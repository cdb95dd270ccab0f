"""Who may call the pet store, as its team tests it: ``pytest examples/petstore/tests``.

The fixtures ``gateway`` and ``api`` come with yett. A failing assertion prints the explanation of the call.
"""

import pathlib

import pytest

from yett.testing.faults import Fault


@pytest.fixture
def pets(gateway):
    """The store's API, with time, faults and caches as at the beginning."""
    gateway.reset()
    yield gateway.api("PetsApi")
    gateway.reset()


@pytest.fixture
def office(gateway):
    """The office's API."""
    return gateway.api("OfficeApi")


def test_anyone_may_list_the_pets(pets):
    pets.anonymous().get("/pets").assert_allowed()


def test_the_stock_is_for_signatures(pets):
    pets.anonymous().get("/stock/7").assert_denied(by="unauthenticated", status=403)


def test_the_clerk_sees_the_stock_but_not_the_vault(pets):
    clerk = pets.as_user("petstore-clerk")
    clerk.get("/stock/7").assert_allowed()
    clerk.get("/stock/vault").assert_denied(by="NotTheVault")


def test_the_auditor_sees_everything(pets):
    pets.as_role("petstore-auditor").get("/stock/vault").assert_allowed()


def test_a_customer_may_add_a_pet_until_the_token_expires(pets):
    alice = pets.as_pool_user("CustomerPool", "alice")
    assert alice.post("/pets", json={"name": "Rex"}).assert_allowed().json["owner"] == "alice"
    pets.gateway.clock.advance(minutes=61)
    expired = alice.post("/pets", json={"name": "Rex"}).assert_denied(by="unauthenticated", status=401)
    assert expired.json == {"message": "The incoming token has expired"}


def test_a_partner_is_asked_about_once_in_five_minutes(pets):
    token = pets.gateway.token("PartnerPool", "bob")
    bob = pets.with_token(f"Bearer {token}")
    bob.get("/partners/pets").assert_allowed()
    bob.get("/partners/reservations").assert_denied(by="explicit_deny")
    assert pets.gateway.invocations("PartnerAuthorizer") == 1
    pets.gateway.clock.advance(seconds=301)
    bob.get("/partners/pets").assert_allowed()
    assert pets.gateway.invocations("PartnerAuthorizer") == 2


@pytest.mark.parametrize("fault", [Fault.EXCEPTION, Fault.TIMEOUT, Fault.MALFORMED, Fault.OVERSIZED, Fault.UNAVAILABLE])
def test_nobody_gets_in_while_the_partners_authorizer_fails(pets, fault):
    pets.gateway.fail("PartnerAuthorizer", fault)
    answer = pets.with_token("Bearer x.y.z").get("/partners/pets")
    assert (answer.status, answer.json, answer.outcome) == (500, {"message": None}, "error")


def test_nobody_gets_in_while_the_customers_keys_are_out_of_reach(pets):
    alice = pets.as_pool_user("CustomerPool", "alice")
    pets.gateway.lose_key_sets()
    assert alice.post("/pets", json={}).outcome == "error"


def test_a_token_of_before_the_keys_were_rotated_is_refused(pets):
    before = pets.as_pool_user("CustomerPool", "alice")
    before.post("/pets", json={"name": "Rex"}).assert_allowed()
    pets.gateway.rotate_keys("CustomerPool")
    before.post("/pets", json={"name": "Rex"}).assert_denied(by="unauthenticated", status=401)
    pets.as_pool_user("CustomerPool", "alice").post("/pets", json={"name": "Rex"}).assert_allowed()


def test_the_auditor_has_an_hour(pets):
    auditor = pets.as_role("petstore-auditor")
    auditor.get("/stock/7").assert_allowed()
    pets.gateway.clock.advance(hours=1)
    assert auditor.get("/stock/7").assert_denied(status=403).error_type == "ExpiredTokenException"


def test_the_office_answers_its_own_network_alone(office):
    office.anonymous(source_ip="127.0.0.5").get("/hours").assert_allowed()
    office.anonymous(source_ip="203.0.113.9").get("/hours").assert_denied(by="OnlyFromTheOffice")


def test_who_may_call_what_is_as_it_was_reviewed(pets):
    callers = {
        "anonymous": pets.anonymous(),
        "clerk": pets.as_user("petstore-clerk"),
        "auditor": pets.as_role("petstore-auditor"),
        "customer": pets.as_pool_user("CustomerPool", "alice"),
        "partner": pets.with_token(f"Bearer {pets.gateway.token('PartnerPool', 'bob')}"),
    }
    matrix = pets.access_matrix(callers, routes=["GET /stock/vault"])
    matrix.assert_matches(pathlib.Path(__file__).with_name("access.yaml"))
