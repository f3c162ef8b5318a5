"""The choice among candidates, by hand."""

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.errors import DataError, OptionError


def table(losses: dict[str, list[float]], weights: tuple[float, ...] = (1.0, 1.0, 2.0), **more: object) -> pd.DataFrame:
    records = [
        {"repeat": 0, "fold": fold, "candidate": name, "log_loss": loss, "top_1": 1 / loss, "weight": weights[fold]}
        for name, own in losses.items()
        for fold, loss in enumerate(own)
    ]
    made = {"metric": "log_loss", "std_error": 0.3, "split": "artist", "warning": "", **more}
    return pd.DataFrame(records).assign(**made)


def test_the_estimate_and_its_errors_by_hand() -> None:
    found = gg.choose(table({"one": [1.0, 2.0, 4.0]})).iloc[0]
    share, loss = np.array([0.25, 0.25, 0.5]), np.array([1.0, 2.0, 4.0])
    assert found["estimate"] == pytest.approx(2.75)
    assert found["fold_std_error"] == pytest.approx(np.sqrt(share @ (loss - 2.75) ** 2 / 2))
    assert found["group_std_error"] == pytest.approx(0.3 * np.sqrt(share @ share))
    assert found["conf_high"] - found["estimate"] == pytest.approx(1.959964 * found["group_std_error"])
    assert found["chosen"]
    assert found["folds"] == 3


def test_rules() -> None:
    losses = {"null": [3.0, 3.1, 3.0], "simple": [2.02, 2.2, 2.1], "best": [2.0, 2.2, 2.1], "rich": [2.0, 2.3, 2.2]}
    assert gg.choose(table(losses))["chosen"].tolist() == [False, False, True, False]
    simple = gg.choose(table(losses), rule="one-standard-error")
    assert simple["chosen"].tolist() == [False, True, False, False]
    assert simple["rule"].eq("one-standard-error").all()
    assert gg.choose(table(losses), "top_1")["chosen"].tolist() == [False, False, True, False]
    assert gg.choose(table(losses), "top_1")["group_std_error"].isna().all()


def test_repeats_make_it_no_surer() -> None:
    once = table({"one": [1.0, 2.0, 4.0]})
    twice = pd.concat([once, once.assign(repeat=1)])
    columns = ["estimate", "fold_std_error", "group_std_error", "conf_low"]
    np.testing.assert_allclose(
        gg.choose(twice)[columns].to_numpy(dtype=float), gg.choose(once)[columns].to_numpy(dtype=float)
    )


def test_what_cannot_be_chosen_from_is_refused() -> None:
    with pytest.raises(DataError, match=r"gg\.cross_validate; it lacks \['warning'\]"):
        gg.choose(table({"one": [1.0, 2.0, 3.0]}).drop(columns="warning"))
    with pytest.raises(OptionError, match="must be one of 'best'"):
        gg.choose(table({"one": [1.0, 2.0, 3.0]}), rule="worst")
    with pytest.raises(OptionError, match="must be one of 'log_loss'"):
        gg.choose(table({"one": [1.0, 2.0, 3.0]}), "loss")
