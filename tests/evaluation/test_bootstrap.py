"""Bootstrap of groups against brute force, and against the linearised standard error of a ratio."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

import genreglm as gg
from genreglm.errors import DataError, OptionError
from genreglm.evaluation import bootstrap, bootstrap_means, row_scores, scores, share_scores

NAMES = ["ambient", "blues", "country", "disco", "electro", "folk"]
SCORES = ["log_loss", "top_1", "top_3", "top_5"]


def made(rows: int = 600, groups: int = 60, seed: int = 0) -> tuple[dict[str, pd.DataFrame], pd.Series, pd.Series]:
    """Two models, of which the second is noisier; groups of unlike size whose rows are alike."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, groups, rows) ** 2 // groups
    eta = 1.5 * rng.normal(size=(rows, 6)) + rng.normal(size=(groups, 6))[group]
    truth = (eta + rng.gumbel(size=eta.shape)).argmax(axis=1)
    tables = {
        name: pd.DataFrame(softmax(eta + noise * rng.normal(size=eta.shape), axis=1), columns=NAMES)
        for name, noise in (("good", 0.0), ("noisy", 1.0))
    }
    return tables, pd.Series(np.array(NAMES)[truth]), pd.Series(group).map("artist {}".format)


def test_estimates_are_the_scores_and_intervals_hold_them() -> None:
    models, truth, groups = made()
    table = gg.bootstrap_scores(models, truth, groups)
    assert list(table) == ["model", "score", "estimate", "std_error", "conf_low", "conf_high"]
    assert table["model"].tolist() == ["good"] * 5 + ["noisy"] * 5
    expected = scores(models["good"].to_numpy(), pd.Index(NAMES).get_indexer(pd.Index(truth)).astype(np.int64))
    assert table["score"][:5].tolist() == [*SCORES, "brier"]
    assert table["estimate"][:5].tolist() == pytest.approx([expected[name] for name in (*SCORES, "brier")])
    assert ((table["conf_low"] < table["estimate"]) & (table["estimate"] < table["conf_high"])).all()


def test_draws_are_those_of_rows_put_together_group_by_group() -> None:
    models, truth, groups = made(rows=120, groups=15)
    codes = pd.factorize(groups)[0]
    rows = row_scores(models["good"].to_numpy(), pd.Index(NAMES).get_indexer(pd.Index(truth)).astype(np.int64))
    members = [np.flatnonzero(codes == code) for code in range(codes.max() + 1)]
    drawn = np.random.default_rng(5).integers(len(members), size=(200, len(members)))
    brute = np.array([rows.to_numpy()[np.concatenate([members[code] for code in draw])].mean(axis=0) for draw in drawn])
    table = gg.bootstrap_scores(models["good"], truth, groups, replicates=200, conf_level=0.9, seed=5)
    assert table["std_error"].tolist() == pytest.approx(brute.std(axis=0, ddof=1).tolist())
    assert table["conf_low"].tolist() == pytest.approx(np.quantile(brute, 0.05, axis=0).tolist())
    assert table["conf_high"].tolist() == pytest.approx(np.quantile(brute, 0.95, axis=0).tolist())


def test_the_standard_error_is_that_of_a_ratio_of_group_sums() -> None:
    models, truth, groups = made(rows=4000, groups=400)
    table = gg.bootstrap_scores(models["good"], truth, groups, replicates=4000).set_index("score")
    codes = pd.factorize(groups)[0]
    losses = row_scores(models["good"].to_numpy(), pd.Index(NAMES).get_indexer(pd.Index(truth)).astype(np.int64))
    deviation = np.bincount(codes, losses["log_loss"] - losses["log_loss"].mean())
    assert table.loc["log_loss", "std_error"] == pytest.approx(np.sqrt(np.square(deviation).sum()) / 4000, rel=0.05)


def test_rows_of_a_group_that_are_copies_count_as_one() -> None:
    models, truth, _ = made(rows=300)
    copies = {name: table.loc[table.index.repeat(4)] for name, table in models.items()}
    once = gg.bootstrap_scores(models, truth, np.arange(300))
    fourfold = gg.bootstrap_scores(copies, truth[truth.index.repeat(4)], np.repeat(np.arange(300), 4))
    pd.testing.assert_frame_equal(once, fourfold)


def test_differences_are_paired() -> None:
    models, truth, groups = made()
    both = gg.bootstrap_scores(models, truth, groups).set_index(["model", "score"])
    table = gg.bootstrap_scores(models, truth, groups, against="good").set_index("score")
    assert set(table["model"]) == {"noisy"}
    assert set(table["against"]) == {"good"}
    gap = both.loc["noisy", "estimate"] - both.loc["good", "estimate"]
    pd.testing.assert_series_equal(table["estimate"], gap, check_names=False)
    unpaired = np.hypot(both.loc["noisy", "std_error"], both.loc["good", "std_error"])
    assert (table["std_error"] < unpaired).all()
    assert table.loc["log_loss", "std_error"] < 0.6 * unpaired["log_loss"]
    assert table.loc["log_loss", "conf_low"] > 0


def test_a_model_does_not_differ_from_itself() -> None:
    models, truth, groups = made()
    table = gg.bootstrap_scores({"a": models["good"], "b": models["good"]}, truth, groups, against="a")
    assert (table[["estimate", "std_error", "conf_low", "conf_high"]].abs() < 1e-12).all(axis=None)


def test_batches_of_draws_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    models, truth, groups = made()
    whole = gg.bootstrap_scores(models, truth, groups, replicates=150)
    monkeypatch.setattr(bootstrap, "_BATCH_COUNTS", 1000)
    pd.testing.assert_frame_equal(gg.bootstrap_scores(models, truth, groups, replicates=150), whole)


def test_nearly_all_intervals_hold_the_truth() -> None:
    held = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        group = np.repeat(np.arange(80), rng.integers(1, 9, 80))
        values = rng.normal(size=80)[group] + rng.normal(size=len(group))
        table = bootstrap_means({"m": pd.DataFrame({"s": values})}, group, seed=seed)
        held += bool(table["conf_low"][0] <= 0 <= table["conf_high"][0])
    assert held >= 33


def test_shares_of_several_labels_are_scored() -> None:
    models, truth, groups = made()
    shares = pd.get_dummies(truth).astype(float)[NAMES[::-1]]
    soft = gg.bootstrap_scores(models, shares, groups)
    hard = gg.bootstrap_scores(models, truth, groups)
    assert soft["score"].tolist()[:7] == [*SCORES, "any_1", "any_3", "any_5"]
    both = soft.merge(hard, on=["model", "score"])
    assert both["estimate_x"].tolist() == pytest.approx(both["estimate_y"].tolist())
    assert both["conf_low_x"].tolist() == pytest.approx(both["conf_low_y"].tolist())
    with pytest.raises(DataError, match="one column for each class"):
        gg.bootstrap_scores(models, shares.drop(columns="folk"), groups)


def test_shares_score_as_their_rows_do() -> None:
    rng = np.random.default_rng(2)
    prob = softmax(rng.normal(size=(50, 6)), axis=1)
    counts = rng.integers(0, 3, size=(50, 6))
    counts[:, 0] += 1
    total = counts.sum(axis=1)
    found = share_scores(prob, counts / total[:, None])
    track = np.repeat(np.repeat(np.arange(50), 6), counts.ravel())
    label = np.repeat(np.tile(np.arange(6), 50), counts.ravel())
    expected = scores(prob[track], label, (counts > 0)[track])
    for name in SCORES:
        assert np.average(found[name], weights=total) == pytest.approx(expected[name])
    assert np.average(found["any_1"], weights=total) == pytest.approx(expected["any_label"])
    assert (found["any_5"] >= found["any_3"]).all()
    assert (found["top_1"] <= found["ceiling"]).all()


def test_shares_that_are_none_are_refused() -> None:
    prob = np.full((2, 3), 1 / 3)
    for shares in (np.ones((2, 3)), np.array([[1.5, -0.5, 0.0], [1.0, 0.0, 0.0]])):
        with pytest.raises(DataError, match="sum to one"):
            share_scores(prob, shares)
    with pytest.raises(DataError, match="alike"):
        share_scores(prob, np.ones((3, 3)) / 3)


def test_what_cannot_be_drawn_is_refused() -> None:
    models, truth, groups = made()
    with pytest.raises(DataError, match="600 rows of scores and 599 groups"):
        gg.bootstrap_scores(models, truth, groups[1:])
    with pytest.raises(DataError, match="600 rows have no group"):
        gg.bootstrap_scores(models, truth, [None] * 600)
    with pytest.raises(DataError, match="There are 2 groups"):
        gg.bootstrap_scores(models, truth, ["a", "b"] * 300)
    with pytest.raises(OptionError, match="none of the models: good, noisy"):
        gg.bootstrap_scores(models, truth, groups, against="best")
    with pytest.raises(OptionError, match="replicates=50"):
        gg.bootstrap_scores(models, truth, groups, replicates=50)
