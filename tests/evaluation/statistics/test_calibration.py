import json

import numpy as np
import pytest

from evaluation.statistics.calibrate import PROMISED, calibrate, failures, grid, main, render
from evaluation.statistics.coverage import Cell
from evaluation.statistics.simulate import SHARES, Layout, draw

FACTS, BALANCED, SEEDS, BINOMIAL = SHARES
SHORT = [
    Cell("short", Layout(24, 3), FACTS, (0.95,)),
    Cell("short", Layout(24, 3), SEEDS, (0.8,)),
    Cell("short", Layout(100, 3), SEEDS, (0.9,)),
    Cell("short", Layout(100, 3), BALANCED, (0.5,)),
    Cell("short", Layout(24, 1), FACTS, (0.98,)),
    Cell("short", Layout(24, 10), BINOMIAL, (0.98,)),
    Cell("short", Layout(24, 3), SEEDS, (0.5, 0.5), True),
    Cell("short", Layout(100, 3), SEEDS, (0.9, 0.9), False),
]

ONE_PROFILE = Cell("One profile", Layout(24, 3), FACTS, (0.95,))
NO_RANDOMNESS = Cell("Arms without randomness", Layout(24, 1), FACTS, (0.98,))


def test_intervals_cover_what_they_promise():
    records = calibrate(SHORT, 2000)
    assert failures(records) == []
    naive = [r["rivals"]["Wilson by item"] for r in records if "rivals" in r]
    assert min(naive) < 0.5, "the simulation has to hold what defeats the naive interval"


@pytest.mark.parametrize("shares", SHARES, ids=lambda s: s.name)
@pytest.mark.parametrize("accuracy", [0.3, 0.95])
def test_the_truth_of_the_simulation_is_the_mean_of_what_it_draws(shares, accuracy):
    means = draw(np.random.default_rng(1), 4000, Layout(24, 3), shares, accuracy).mean((1, 2, 3))
    assert means.mean() == pytest.approx(accuracy, abs=4 * means.std() / 4000**0.5)


def test_the_grid_holds_what_is_promised():
    cells = [c for c in grid() if c.promised and c.second_random is None and c.layout.profiles == 1]
    assert {(c.layout.facts, c.layout.seeds) for c in cells} >= {(f, s) for f in (24, 50, 100) for s in (3, 5, 10)}
    assert {c.accuracies[0] for c in cells} >= {0.3, 0.5, 0.8, 0.95, 0.98, 0.99}
    assert len(set(grid())) == len(grid())


def test_a_cell_does_not_depend_on_the_others():
    assert calibrate(SHORT[:2], 50)[1] == calibrate(SHORT[1:2], 50)[0]


def test_a_cell_that_covers_too_little_fails():
    record = calibrate(SHORT[:1], 100)[0] | {"coverage": 0.9, "monte_carlo_se": 0.003}
    assert failures([record, record | {"promised": False}]) == [record]


def test_the_committed_table_keeps_the_promise(request):
    path = request.config.rootpath / "docs" / "calibration.json"
    committed = json.loads(path.read_text(encoding="utf-8"))
    assert committed["studies"] >= 10_000
    assert failures(committed["cells"]) == []
    assert min(r["coverage"] for r in committed["cells"] if r["promised"]) >= PROMISED
    assert len(committed["cells"]) == len(grid())
    text = render(committed["cells"], committed["studies"], path.name)
    assert text == path.with_suffix(".md").read_text(encoding="utf-8")


def test_bad_arguments_end_before_anything_runs(tmp_path):
    with pytest.raises(SystemExit):
        main(["--studies", "0", "--out", str(tmp_path / "c.json")])
    assert list(tmp_path.iterdir()) == []


def test_a_margin_that_is_the_true_difference_is_seldom_kept():
    cells = [Cell("short", Layout(50, 5), BALANCED, pair, True, edge=True) for pair in ((0.85, 0.9), (0.9, 0.8))]
    records = calibrate(cells, 1000)
    assert failures(records) == []
    for record in records:
        assert 0 <= record["false_equivalence"] <= record["false_non_inferiority"] < 0.07
    assert failures([records[0] | {"false_non_inferiority": 0.1}]) != []


def test_cells_that_were_there_before_keep_their_random_numbers():
    assert repr(Cell("short", Layout(24, 3), FACTS, (0.5, 0.6), True, edge=True)) == (
        repr(Cell("short", Layout(24, 3), FACTS, (0.5, 0.6), True))
    )


def test_a_part_is_measured_beside_what_stands(tmp_path, monkeypatch):
    monkeypatch.setattr("evaluation.statistics.calibrate.grid", lambda: [NO_RANDOMNESS, ONE_PROFILE])
    out = tmp_path / "c.json"
    with pytest.raises(SystemExit):
        main(["--studies", "50", "--out", str(out), "--only", "One profile"])
    main(["--studies", "50", "--out", str(out)])
    before = json.loads(out.read_text())["cells"]
    assert [r["table"] for r in before] == ["One profile", "Arms without randomness"]
    measured = []
    monkeypatch.setattr(
        "evaluation.statistics.calibrate.calibrate", lambda cells, *a: measured.extend(cells) or calibrate(cells, *a)
    )
    main(["--studies", "50", "--out", str(out), "--only", "One profile"])
    assert measured == [ONE_PROFILE]
    assert json.loads(out.read_text())["cells"] == before
    with pytest.raises(SystemExit):
        main(["--studies", "60", "--out", str(out), "--only", "One profile"])
