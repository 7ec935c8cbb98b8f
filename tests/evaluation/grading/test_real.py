"""The grader against outputs of real models that a reader has labelled; run with ``-s`` to see the table."""

from pathlib import Path

import pytest

from evaluation.grading.rates import groups, load, measure, rates, table

REAL = Path(__file__).parent / "real"
ARMS = ["base", "finetune", "oracle", "rag", "system_prompt"]


def test_table_of_rates(capsys: pytest.CaptureFixture[str]) -> None:
    printed = table(rates(REAL))
    with capsys.disabled():
        print(f"\n{printed}")
    assert groups(REAL) == ARMS


@pytest.mark.parametrize("arm", ARMS)
def test_sixty_outputs_an_arm(arm: str) -> None:
    outputs = load(REAL, arm)
    assert len(outputs) == 60
    assert all(output.type for output in outputs)


@pytest.mark.parametrize("arm", ARMS)
def test_few_are_graded_wrongly(arm: str) -> None:
    # Arms must be graded alike, terse or verbose: no more than 3 of 60 on either side.
    measured = measure(arm, load(REAL, arm))
    assert len(measured.false_accepts) <= 3, measured.false_accepts
    assert len(measured.false_rejects) <= 3, measured.false_rejects
