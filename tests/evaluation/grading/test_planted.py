"""The grader against planted answers; run with ``-s`` to see the table."""

from pathlib import Path
from typing import get_args

import pytest

from evaluation.grading import AnswerType
from evaluation.grading.rates import load, main, measure, rates, table

PLANTED = Path(__file__).parent / "planted"
KINDS: tuple[AnswerType, ...] = get_args(AnswerType)
AT_LEAST = 100
VALUES = 12
MOST = 0.03


def test_table_of_rates(capsys: pytest.CaptureFixture[str]) -> None:
    printed = table(rates(PLANTED))
    with capsys.disabled():
        print(f"\n{printed}")
    assert all(kind in printed for kind in KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_enough_planted_answers(kind: AnswerType) -> None:
    planted = load(PLANTED, kind)
    assert sum(entry.correct for entry in planted) >= AT_LEAST
    assert sum(not entry.correct for entry in planted) >= AT_LEAST
    facts = {(entry.value, entry.question) for entry in planted}
    assert len(facts) >= VALUES
    told_apart = [(entry.value, entry.question, entry.answer) for entry in planted]
    assert len(set(told_apart)) == len(told_apart)


@pytest.mark.parametrize("kind", KINDS)
def test_error_rates(kind: AnswerType) -> None:
    measured = measure(kind, load(PLANTED, kind))
    assert measured.false_accept_rate <= MOST, measured.false_accepts
    assert measured.false_reject_rate <= MOST, measured.false_rejects


def test_command_prints_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(PLANTED)]) == 0
    assert capsys.readouterr().out.startswith(table(rates(PLANTED)))


def test_command_refuses_a_missing_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "nowhere")]) == 2
    assert "FOLDER" in capsys.readouterr().err
