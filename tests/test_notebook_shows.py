"""Results in a notebook: escaped, shortened, and with their tables."""

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.notebook import Picture, Shown


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    kind = rng.choice(["<b>loud</b>", "quiet", "slow"], 300)
    size = rng.normal(size=300) + (kind == "slow")
    return pd.DataFrame({"kind": kind, "size": size, "weight": rng.normal(size=300), "band": np.arange(300) // 5})


@pytest.fixture(scope="module")
def result(rows: pd.DataFrame) -> gg.Result:
    return gg.fit("kind ~ size + weight", rows)


SHOWN = {
    "class_map": lambda rows, result: gg.class_map(result),
    "class_tree": lambda rows, result: gg.class_tree(result),
    "importance": lambda rows, result: gg.drop_one("kind ~ size + weight", rows, groups="band", folds=2),
    "calibrate": lambda rows, result: gg.calibrate(result.predict(rows), rows["kind"]),
    "conformal_sets": lambda rows, result: gg.conformal_sets(result.predict(rows), rows["kind"], groups=rows["band"]),
    "path": lambda rows, result: gg.regularisation_path("kind ~ size + weight", rows, strengths=20, folds=0),
    "stepwise": lambda rows, result: gg.stepwise("kind ~ size + weight", rows),
    "label_shares": lambda rows, result: gg.label_shares(rows, "band", "kind"),
    "fit": lambda rows, result: result,
}


@pytest.mark.parametrize("name", SHOWN)
def test_results_show_their_tables_with_names_escaped(name: str, rows: pd.DataFrame, result: gg.Result) -> None:
    page = SHOWN[name](rows, result)._repr_html_()
    assert page.count("<table") >= 1
    assert "<b>loud</b>" not in page
    assert page.count("<tr") < 60


def test_who_says_nothing_cannot_be_shown() -> None:
    with pytest.raises(NotImplementedError):
        Shown()._repr_html_()


def test_a_picture_comes_with_its_words() -> None:
    picture = Picture(b"\x89PNG", "Energy & more")
    assert picture._repr_mimebundle_() == {"image/png": b"\x89PNG", "text/plain": "Energy & more"}
    assert repr(picture) == "Picture('Energy & more')"
