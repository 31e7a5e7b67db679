import json

from hounsfield.batch.attempt import attempt
from hounsfield.batch.inputs import Input


def test_a_defect_of_ours_is_reported_without_what_it_quotes():
    def broken(source):
        raise ZeroDivisionError("Doe^Jane")

    outcome = attempt(broken, Input("a.dcm"))
    assert outcome.failure == "input"
    assert "unexpected ZeroDivisionError" in outcome.error
    assert "Doe" not in json.dumps(outcome.error)
