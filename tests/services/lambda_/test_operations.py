from yett.services.lambda_.operations import NOT_OFFERED, OPERATIONS
from yett.services.perform import faults_of, table_of
from yett.wire import service_model


def test_every_operation_of_the_model_is_offered_or_has_its_reason() -> None:
    assert set(OPERATIONS) | set(NOT_OFFERED) == set(service_model("lambda").operations)
    assert faults_of("lambda", table_of("lambda")) == []
