import numpy as np
import pandas as pd
import pytest

from genreglm.engine.penalties import Ridge
from genreglm.errors import ConvergenceError, DataError, RankError, SeparationError
from genreglm.fitting import fit
from genreglm.result.adjust import adjusted
from genreglm.study import genre_models
from genreglm.study.formulas import formula
from genreglm.study.genre_models import add_curves, fit_for_inference, fit_what_rows_allow, simplify

TERMS = ["energy", "valence", "C(mode)"]


def silent(text: str) -> None:
    """Say nothing."""


def tracks(rows: int = 600, seed: int = 0) -> pd.DataFrame:
    """Genre depends on energy as a line and on tempo as a curve; valence and mode tell nothing."""
    rng = np.random.default_rng(seed)
    energy, valence, tempo = rng.normal(size=(3, rows))
    eta = np.column_stack([np.zeros(rows), 1.5 * energy, 1.5 * tempo**2 - 1.5])
    genre = (eta + rng.gumbel(size=eta.shape)).argmax(axis=1)
    artist = np.arange(rows) // 4
    return pd.DataFrame(
        {
            "track_genre": np.array(["blues", "folk", "techno"])[genre],
            "energy": energy,
            "valence": valence,
            "tempo": tempo,
            "mode": np.arange(rows) % 2,
            "artist": artist.astype(str),
            "split_artist": np.array(["train", "train", "valid", "test"])[artist % 4],
        }
    )


def separated(rows: int = 300) -> pd.DataFrame:
    """As `tracks`, with a column that sets techno apart from the others altogether."""
    table = tracks(rows)
    return table.assign(noise=np.where(table["track_genre"] == "techno", 5.0, 0.0) + np.sin(np.arange(rows)))


def test_fit_for_inference_is_clustered_by_artist() -> None:
    table = tracks()
    result = fit_for_inference(TERMS, table)
    assert result.inference is not None
    assert (result.inference.kind, result.inference.clusters) == ("clustered", "artist")
    plain = fit(formula(TERMS), table, covariance="clustered", clusters="artist")
    np.testing.assert_allclose(result.coefficients, plain.coefficients, atol=1e-7)


def test_what_can_be_estimated_is_kept_whole() -> None:
    found = fit_what_rows_allow(TERMS, tracks(), silent)
    assert (found.terms, found.set_aside) == (TERMS, {})


def test_term_that_separates_genres_is_set_aside_and_named() -> None:
    said: list[str] = []
    found = fit_what_rows_allow(["energy", "noise", "valence"], separated(), said.append)
    assert found.terms == ["energy", "valence"]
    assert list(found.set_aside) == ["noise"]
    assert "does not exist" in found.set_aside["noise"]
    assert said == ["noise set aside: with it the rows allow no estimate (SeparationError)"]
    alone = fit_for_inference(["energy", "valence"], separated())
    np.testing.assert_allclose(found.result.coefficients, alone.coefficients, atol=1e-7)


def test_dependent_column_is_set_aside_alone() -> None:
    table = tracks().assign(echo=lambda frame: 3.0 * frame["energy"] - frame["valence"] + 1.0)
    with pytest.raises(RankError) as error:
        fit_for_inference(["energy", "valence", "echo", "C(mode)"], table)
    assert error.value.terms == ("echo",)
    found = fit_what_rows_allow(["energy", "valence", "echo", "C(mode)"], table, silent)
    assert found.terms == TERMS
    assert list(found.set_aside) == ["echo"]


def test_without_anyone_to_blame_the_widest_term_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    table = tracks().assign(key=np.arange(600) % 5)
    honest = genre_models.fit_for_inference

    def stalls(terms: list[str], rows: pd.DataFrame, start: object = None) -> object:
        if len(terms) > 2:
            raise ConvergenceError("No step lowers the objective.")
        return honest(terms, rows)

    monkeypatch.setattr(genre_models, "fit_for_inference", stalls)
    found = fit_what_rows_allow(["energy", "C(key)", "valence", "tempo"], table, silent)
    assert list(found.set_aside) == ["C(key)", "tempo"]


def test_where_no_term_is_left_the_table_is_refused() -> None:
    table = separated()
    table["echo"] = table["noise"] + 0.01 * table["valence"]
    with pytest.raises(DataError, match="No term of the GLM of genre can be estimated from 300 rows"):
        fit_what_rows_allow(["noise", "echo"], table, silent)


def term_tests(terms: list[str], table: pd.DataFrame) -> pd.DataFrame:
    tests = fit_for_inference(terms, table).anova(type="III")
    return tests.assign(p_adjusted=adjusted(tests["p_value"].to_numpy(dtype=float), "bh"))


def test_simplification_drops_what_tells_nothing_and_stops_at_what_does() -> None:
    table = tracks(1_200)
    tests = term_tests([*TERMS, "tempo"], table)
    found = simplify([*TERMS, "tempo"], tests, table, 0.0, silent)
    assert "energy" in found.terms
    assert set(found.terms) < {*TERMS, "tempo"}
    trace = found.trace
    assert trace["dropped"].tolist() == [True] * (len(trace) - 1) + [bool(trace["dropped"].iloc[-1])]
    ratio = trace["statistic"] / trace["df"]
    assert ratio.is_monotonic_increasing
    np.testing.assert_allclose(trace["change"], trace["log_loss_without"] - trace["log_loss_with"])
    assert ((trace["conf_low"] < trace["change"]) & (trace["change"] < trace["conf_high"])).all()
    accepted = trace[trace["dropped"]]
    assert (accepted["log_loss_without"] <= accepted["log_loss_with"]).all()


def test_a_tolerance_drops_more() -> None:
    table = tracks(1_200)
    tests = term_tests(TERMS, table)
    assert simplify(TERMS, tests, table, 10.0, silent).terms == ["energy"]


def test_training_rows_that_allow_no_estimate_are_judged_under_a_ridge(monkeypatch: pytest.MonkeyPatch) -> None:
    table = tracks(1_200)
    tests = term_tests(TERMS, table)
    honest = genre_models.fit

    def refuses(text: str, *given: object, penalty: object = None, **options: object) -> object:
        if not isinstance(penalty, Ridge):
            raise SeparationError("It does not exist.")
        return honest(text, *given, penalty=penalty, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(genre_models, "fit", refuses)
    said: list[str] = []
    found = simplify(TERMS, tests, table, 0.0, said.append)
    assert said[0] == "the training rows alone allow no estimate: again, with a ridge worth one row"
    assert "energy" in found.terms
    assert np.isfinite(found.trace["log_loss_without"]).all()


def test_simplification_of_one_term_leaves_an_empty_trace_with_its_columns() -> None:
    table = tracks()
    found = simplify(["energy"], term_tests(["energy"], table), table, 0.0, silent)
    assert found.terms == ["energy"]
    assert found.trace.empty
    assert {"step", "term", "dropped"} <= set(found.trace.columns)


def test_curves_enter_where_aic_asks_for_them() -> None:
    table = tracks(1_200)
    start = fit_for_inference([*TERMS, "tempo"], table)
    result, trace = add_curves([*TERMS, "tempo"], ["energy", "valence", "tempo"], table, start, 45, silent)
    assert trace.loc[trace["verdict"] == "entered", "feature"].tolist()[0] == "tempo"
    assert trace["aic_change"].is_monotonic_increasing
    assert (trace["verdict"] == "AIC prefers the line").equals(trace["aic_change"] >= 0)
    assert any(name.startswith("cr(tempo") for name in result.design.terms)
    assert float(result.glance()["aic"].iloc[0]) < float(start.glance()["aic"].iloc[0])


def test_curves_stay_within_the_columns_allowed() -> None:
    table = tracks(1_200)
    start = fit_for_inference([*TERMS, "tempo"], table)
    result, trace = add_curves([*TERMS, "tempo"], ["energy", "tempo"], table, start, 6, silent)
    assert result is start
    assert trace.loc[trace["feature"] == "tempo", "verdict"].tolist() == ["no room"]


def test_curve_that_leaves_no_estimate_stays_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    table = tracks(1_200)
    start = fit_for_inference(["energy", "tempo"], table)
    honest = genre_models.fit_for_inference

    def refuses(terms: list[str], rows: pd.DataFrame, given: object = None) -> object:
        curved = [term for term in terms if term.startswith("cr(tempo")]
        if curved:
            raise SeparationError("It does not exist.", ("energy", curved[0]))
        return honest(terms, rows)

    monkeypatch.setattr(genre_models, "fit_for_inference", refuses)
    said: list[str] = []
    _, trace = add_curves(["energy", "tempo"], ["energy", "tempo"], table, start, 45, said.append)
    assert trace.loc[trace["feature"] == "tempo", "verdict"].tolist() == ["no estimate with it"]
    assert any(line.startswith("tempo (spline) taken back") for line in said)


def test_curve_whose_trial_fails_is_marked_and_not_entered(monkeypatch: pytest.MonkeyPatch) -> None:
    table = tracks()
    start = fit_for_inference(["energy", "tempo"], table)
    honest = genre_models.fit

    def refuses(text: str, *given: object, **options: object) -> object:
        if "cr(energy" in text:
            raise SeparationError("It does not exist.")
        return honest(text, *given, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(genre_models, "fit", refuses)
    _, trace = add_curves(["energy", "tempo"], ["energy", "tempo"], table, start, 45, silent)
    failed = trace[trace["feature"] == "energy"].iloc[0]
    assert np.isnan(failed["aic_change"])
    assert failed["verdict"] == "no estimate with it"
