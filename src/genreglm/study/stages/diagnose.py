"""Stage 7: can the genre model be trusted? Who moves it, what its residuals say, and how rows go together."""

from typing import Any

import numpy as np
import pandas as pd

from genreglm import diagnostics
from genreglm.errors import DataError, EstimationError, InferenceError
from genreglm.result import Result
from genreglm.study.context import Study
from genreglm.study.inference_model import inference_model

_LISTED = 100
_LEFT_OUT = 10
_CHANGES = ["class", "term", "estimate", "estimate_without", "change", "std_error", "in_errors", "without"]
_SIMULATIONS = 99
_DIAGNOSTICS = {".hat": "hat", ".cooksd": "cooksd", ".delta_deviance": "delta_deviance"}
_OF_ROWS = [".hat", ".cooksd", ".delta_deviance", ".resid_deviance", ".resid_quantile", ".prob"]


def run(study: Study) -> None:
    """Leave tables of influence, residuals, dependence and collinearity, and `work/diagnosis.json`.

    All of them are of the simplified model: the one whose coefficients the report reads out.
    """
    store = study.store
    tracks = store.read_frame("tracks")
    by_artist = bool(store.read_json("work/preprocess.json")["has_artists"])
    model = inference_model(store, tracks)
    rows = model.augment(seed=study.config.seed)
    kept = rows[[name for name in _OF_ROWS if name in rows]]
    store.frame("row_diagnostics", kept)
    named = tracks[[name for name in ("track_name", "artist", "track_genre") if name in tracks]]
    store.table("row_diagnostics", pd.concat([named, kept.rename(columns=lambda name: name.removeprefix("."))], axis=1))
    found = {"rows": len(tracks), "parameters": model.df_model, **_influence(study, model, rows, by_artist)}
    found |= _residuals(study, model)
    if by_artist:
        found |= _dependence(study, model)
    _collinearity(study, model)
    store.json("work/diagnosis.json", found)


def _influence(study: Study, model: Result, rows: pd.DataFrame, by_artist: bool) -> dict[str, Any]:
    """Name the tracks and artists that move the coefficients most, and fit anew without them."""
    store = study.store
    strongest = rows.sort_values(".cooksd", ascending=False, kind="stable")
    shown = ["track_name", "artist", "track_genre", ".fitted", *_DIAGNOSTICS]
    listed = strongest.head(_LISTED)[[name for name in shown if name in rows]]
    store.table("influential_tracks", listed.rename(columns={**_DIAGNOSTICS, ".fitted": "expected"}))
    without = {"tracks": np.isin(np.arange(len(rows)), strongest.index[:_LEFT_OUT])}
    if by_artist:
        artists = diagnostics.cluster_influence(model, clusters="artist").rename(columns={"cluster": "artist"})
        store.table("influential_artists", artists.head(_LISTED))
        without["artists"] = rows["artist"].isin(artists["artist"].head(_LEFT_OUT)).to_numpy()
    changes, told = [], {}
    for name, dropped in without.items():
        change = _without(study, model, dropped)
        if change is None:
            continue
        slopes = change[change["term"] != "(Intercept)"]
        largest = slopes.iloc[int(np.nanargmax(slopes["in_errors"].abs()))]
        told[name] = {
            "rows": int(dropped.sum()),
            "median": float(slopes["in_errors"].abs().median()),
            "largest": float(largest["in_errors"]),
            "class": largest["class"],
            "term": largest["term"],
            "turned": int((np.sign(slopes["estimate"]) != np.sign(slopes["estimate_without"]))[_sure(slopes)].sum()),
            "sure": int(_sure(slopes).sum()),
        }
        changes.append(change.assign(without=name))
        study.note(
            f"without the {_LEFT_OUT} strongest {name} ({told[name]['rows']:,} rows) coefficients move by "
            f"{told[name]['median']:.2f} standard errors in the median, at most {abs(told[name]['largest']):.1f}"
        )
    store.table("refit_without", pd.concat(changes, ignore_index=True) if changes else pd.DataFrame(columns=_CHANGES))
    return {"largest_hat": float(rows[".hat"].max()), "refits": told}


def _without(study: Study, model: Result, dropped: np.ndarray) -> pd.DataFrame | None:
    """Fit without some rows; None where a genre would be left without any, or without an estimate."""
    try:
        return diagnostics.refit_without(model, dropped=dropped)
    except (DataError, EstimationError) as error:
        study.note(f"no refit without {int(dropped.sum()):,} rows: {error}")
        return None


def _sure(slopes: pd.DataFrame) -> pd.Series:
    """Coefficients that are told from zero at 5 %."""
    return (slopes["estimate"].abs() > 1.96 * slopes["std_error"]) & slopes["std_error"].notna()


def _residuals(study: Study, model: Result) -> dict[str, Any]:
    """Compare residuals with those of the model's own making, row by row and bin by bin."""
    store, seed = study.store, study.config.seed
    envelope = diagnostics.envelope(model, simulations=_SIMULATIONS, seed=seed)
    store.table("residual_envelope", envelope)
    # A factor's residuals are zero in each of its levels, by what a maximum is.
    features = [name for name in store.read_json("work/preprocess.json")["features"] if name in model.design.variables]
    bins: dict[str, Any] = {}
    if features:
        binned = diagnostics.binned_residuals(model, by=features)
        summary = diagnostics.binned_summary(binned)
        store.table("binned_residuals", binned)
        store.table("binned_summary", summary)
        bins = _bins_outside(study, summary)
    try:
        store.table("goodness_of_fit", diagnostics.goodness_of_fit(model))
    except DataError as error:
        study.note(f"no test of fit: {error}")
    return {"envelope_outside": int((~envelope["inside"]).sum()), "envelope_points": len(envelope), **bins}


def _bins_outside(study: Study, summary: pd.DataFrame) -> dict[str, Any]:
    """Return the share of checked bins outside their limits, and the furthest; None where none is checked."""
    checked = int(summary["checked"].sum())
    if not checked:
        study.note("no bin of features and genres holds enough rows to be checked")
        return {"bins_outside": None, "worst_bin": None}
    share = float(summary["outside"].sum() / checked)
    study.note(f"{share:.0%} of the bins of features and genres lie outside their limits")
    worst = summary.sort_values("z", key=abs, ascending=False, kind="stable").iloc[0]
    return {
        "bins_outside": share,
        "worst_bin": {name: _plain(worst[name]) for name in ("variable", "class", "mean", "z")},
    }


def _dependence(study: Study, model: Result) -> dict[str, Any]:
    """Measure how much the tracks of an artist go together beyond what the model knows."""
    seed = study.config.seed
    together = diagnostics.dispersion(model, groups="artist", seed=seed)
    study.store.table("dispersion", together)
    row = together.iloc[0]
    study.note(f"variance between artists: {row['variance_ratio']:.1f} times that of independent rows")
    return {name: _plain(row[name]) for name in ("variance_ratio", "variance_p_value", "correlation")}


def _collinearity(study: Study, model: Result) -> None:
    try:
        study.store.table("gvif_coefficients", diagnostics.vif(model, kind="model"))
    except InferenceError as error:
        # Few artists, or two genres of the same tracks, leave the clustered covariance without full rank.
        study.note(f"no GVIF of the coefficients: {error}")
    study.store.table("condition_indices", diagnostics.condition_indices(model))


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
