"""`gg.FamilyRidge`: brute force, limits, properties, and what it is for."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

import genreglm as gg
from genreglm.errors import OptionError
from simulated import GENRES, tracks

FORMULA = "genre ~ energy + valence + C(key)"
FAMILIES = dict(zip(GENRES, ("quiet", "roots", "roots", "dance", "dance", "roots"), strict=True))


def rows(genres: int = 6) -> pd.DataFrame:
    return tracks(rows=400, genres=genres, seed=2, strength=1.0)


def penalty(strength: float = 0.02, pooling: float = 0.7, **options: object) -> gg.FamilyRidge:
    return gg.FamilyRidge(strength, families=FAMILIES, pooling=pooling, **options)  # type: ignore[arg-type]


def test_it_minimises_over_classes_and_families() -> None:
    """SciPy on the two levels written out: slopes F of the families and deviations D of the classes."""
    frame, strength, pooling = rows(), 0.02, 0.7
    result = gg.fit(FORMULA, frame, penalty=penalty(strength, pooling))
    x, y = result.design.matrix(frame), result.design.codes(frame)
    family = pd.factorize(pd.Series([FAMILIES[label] for label in result.classes]))[0]
    width, classes, families = x.shape[1], len(result.classes), family.max() + 1
    weaker = np.bincount(family) * (1 - pooling) / pooling

    def split(flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        own, common = flat[: width * classes].reshape(width, classes), flat[width * classes :]
        return own, np.vstack([np.zeros(families), common.reshape(width - 1, families)])

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        own, common = split(flat)
        eta = x @ (own + common[:, family])
        slope = x.T @ (softmax(eta, axis=1) - np.eye(classes)[y]) / len(x)
        by_family = slope[1:] @ np.eye(families)[family] + strength * weaker * common[1:]
        ridge = np.square(own[1:]).sum() + (weaker * np.square(common[1:])).sum()
        loss = -log_softmax(eta, axis=1)[np.arange(len(y)), y].mean() + strength / 2 * ridge
        slope[1:] += strength * own[1:]
        return loss, np.concatenate([slope.ravel(), by_family.ravel()])

    start = np.zeros(width * classes + (width - 1) * families)
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 5000, "gtol": 1e-9, "ftol": 0})
    own, common = split(found.x)
    expected = own + common[:, family]
    np.testing.assert_allclose(result.coefficients, expected - expected.mean(axis=1, keepdims=True), atol=2e-6)


@pytest.mark.parametrize("options", [{}, {"standardise": True}, {"factors": {"C(key)": 5.0}}])
def test_without_pooling_it_is_a_ridge(options: dict[str, object]) -> None:
    pooled = gg.fit(FORMULA, rows(), penalty=penalty(pooling=0.0, **options))
    plain = gg.fit(FORMULA, rows(), penalty=gg.Ridge(0.02, **options))  # type: ignore[arg-type]
    np.testing.assert_allclose(pooled.coefficients, plain.coefficients, atol=1e-9)


def test_one_family_is_a_ridge_whatever_the_pooling() -> None:
    one = gg.FamilyRidge(0.02, families=dict.fromkeys(GENRES, "all"), pooling=0.9)
    plain = gg.fit(FORMULA, rows(), penalty=gg.Ridge(0.02))
    np.testing.assert_allclose(gg.fit(FORMULA, rows(), penalty=one).coefficients, plain.coefficients, atol=1e-9)


def test_each_class_its_own_family_is_a_weaker_ridge() -> None:
    alone = gg.FamilyRidge(0.02, families={label: label for label in GENRES}, pooling=0.75)
    plain = gg.fit(FORMULA, rows(), penalty=gg.Ridge(0.005))
    np.testing.assert_allclose(gg.fit(FORMULA, rows(), penalty=alone).coefficients, plain.coefficients, atol=1e-9)


def test_towards_pooling_one_nothing_holds_the_families_back() -> None:
    """The score of a family's common slope is all but zero, as if it were not penalised; a class's is not."""
    frame = rows()
    result = gg.fit(FORMULA, frame, penalty=penalty(0.1, 1 - 1e-7))
    x, y = result.design.matrix(frame), result.design.codes(frame)
    score = x.T @ (np.eye(6)[y] - result.predict(frame).to_numpy()) / len(x)
    member = pd.get_dummies(pd.Series([FAMILIES[label] for label in result.classes])).to_numpy(float)
    assert np.abs(score @ member).max() < 1e-6
    assert np.abs(score[1:]).max() > 1e-3


def test_a_huge_strength_leaves_the_families_alone() -> None:
    """Classes of a family get its slopes: those of a fit of families, each class by its share within."""
    frame = rows()
    result = gg.fit("genre ~ energy + valence", frame, penalty=penalty(1e4, 1 - 1e-9))
    slopes = pd.DataFrame(result.coefficients[1:], columns=list(result.classes)).T
    spread = slopes.groupby(FAMILIES).std().dropna()
    assert spread.to_numpy().max() < 1e-4
    families = gg.fit("family ~ energy + valence", frame.assign(family=frame["genre"].map(FAMILIES)))
    contrasts = slopes.groupby(FAMILIES).mean()[[0, 1]].T
    expected = pd.DataFrame(families.coefficients[1:], columns=list(families.classes))
    for first, second in pairwise(expected):
        np.testing.assert_allclose(contrasts[first] - contrasts[second], expected[first] - expected[second], atol=1e-3)


def test_renaming_classes_renames_the_answer() -> None:
    new = dict(zip(GENRES, reversed(GENRES), strict=True))
    frame = rows()
    result = gg.fit(FORMULA, frame, penalty=penalty())
    renamed = gg.fit(
        FORMULA,
        frame.assign(genre=frame["genre"].map(new)),
        penalty=gg.FamilyRidge(0.02, families={new[name]: family for name, family in FAMILIES.items()}, pooling=0.7),
    )
    order = [list(renamed.classes).index(new[label]) for label in result.classes]
    np.testing.assert_allclose(renamed.coefficients[:, order], result.coefficients, atol=1e-9)


def test_more_pooling_brings_the_classes_of_a_family_together() -> None:
    spread = []
    for pooling in (0.0, 0.5, 0.9):
        # The same ridge on families each time; what grows is that on the deviations from them.
        found = gg.fit(FORMULA, rows(), penalty=penalty(0.01 / (1 - pooling), pooling)).coefficients[1:]
        roots = found[:, [GENRES.index(name) for name in ("blues", "country", "folk")]]
        spread.append(float(roots.std(axis=1).mean()))
    assert spread[0] > spread[1] > spread[2]


def test_the_large_solver_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from genreglm.engine import objective

    small = gg.fit(FORMULA, rows(), penalty=penalty())
    monkeypatch.setattr(objective, "_FEW_PARAMETERS", 0)
    np.testing.assert_allclose(gg.fit(FORMULA, rows(), penalty=penalty()).coefficients, small.coefficients, atol=1e-7)


def simulated(seed: int) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str]]:
    """24 classes in 4 families with common slopes; half of the classes have 8 training rows, the others 150."""
    rng = np.random.default_rng(seed)
    family = np.repeat(np.arange(4), 6)
    slopes = (1.2 * rng.normal(size=(6, 4)))[:, family] + 0.3 * rng.normal(size=(6, 24))
    names = np.array([f"class {code:02d}" for code in range(24)])
    sizes = np.where(np.arange(24) % 2, 8, 150)

    def draw(each: np.ndarray) -> pd.DataFrame:
        # Given the class, the features are normal about its slopes: the multinomial model is then the truth.
        code = np.repeat(np.arange(24), each)
        table = pd.DataFrame(slopes.T[code] + rng.normal(size=(len(code), 6)), columns=[f"x{j}" for j in range(6)])
        return table.assign(genre=names[code])

    return draw(sizes), draw(np.full(24, 100)), dict(zip(names, (f"family {code}" for code in family), strict=True))


def test_small_classes_gain_on_held_out_rows_where_families_are_true() -> None:
    """Each penalty at its own best strength, judged by the mean log-loss of the small classes' held-out rows."""
    formula = "genre ~ " + " + ".join(f"x{j}" for j in range(6))
    gains, false_gains = [], []
    for seed in range(3):
        train, test, families = simulated(seed)
        small = test["genre"].str[-2:].astype(int) % 2 == 1
        others = dict(zip(families, np.roll(list(families.values()), 3), strict=True))
        shuffled = {name: others[name] if int(name[-2:]) % 2 else family for name, family in families.items()}

        def best(
            mapping: dict[str, str] | None, train: pd.DataFrame = train, held: pd.DataFrame = test[small]
        ) -> float:
            tried = []
            for strength in (0.0003, 0.001, 0.003, 0.01, 0.03):
                given = gg.FamilyRidge(strength, families=mapping, pooling=0.9) if mapping else gg.Ridge(strength)
                tried.append(gg.evaluate(gg.fit(formula, train, penalty=given), held)["log_loss"][0])
            return min(tried)

        plain = best(None)
        gains.append(plain - best(families))
        false_gains.append(plain - best(shuffled))
    assert min(gains) > 0.01
    assert np.mean(gains) > np.mean(false_gains) + 0.01


def test_it_is_saved_and_read(tmp_path: Path) -> None:
    result = gg.fit(FORMULA, rows(), penalty=penalty())
    read = gg.load(result.save(tmp_path / "model"))
    assert read.penalty == result.penalty
    assert result.inference is None


def test_what_makes_no_sense_is_refused() -> None:
    partial = {name: family for name, family in FAMILIES.items() if name != "folk"}
    with pytest.raises(OptionError, match="names no family for folk"):
        gg.fit(FORMULA, rows(), penalty=gg.FamilyRidge(0.1, families=partial))
    with pytest.raises(OptionError, match="pooling=1"):
        penalty(pooling=1.0)
    with pytest.raises(OptionError, match="finite and >= 0"):
        penalty(strength=-1.0)
    with pytest.raises(OptionError, match="map each class"):
        gg.FamilyRidge(0.1, families={"blues": 1})  # type: ignore[dict-item]
