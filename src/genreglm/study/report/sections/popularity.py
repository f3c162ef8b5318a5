"""The popularity GLM: what predicts popularity, and how a leak made it look."""

import pandas as pd

from genreglm.naming import feature
from genreglm.study.report.blocks import Block, heading, note, section, table, text
from genreglm.study.report.evidence import Evidence
from genreglm.study.report.figures import in_part
from genreglm.study.report.words import names, number, percent, say

_COEFFICIENTS = (
    *("model", "family", "term", "estimate", "conf_low", "conf_high", "std_error", "statistic", "p_adjusted"),
)


def popularity(evidence: Evidence) -> Block:
    """Tell the honest model, the leaked one, and how the model came to be."""
    if not evidence.popularity_studied:
        return section("popularity", "Popularity", [text(_why_absent(evidence))])
    return section(
        "popularity",
        "Popularity: the honest GLM and the leaked one",
        [
            _honest(evidence),
            *in_part(evidence.captions, "popularity"),
            _table(evidence, "popularity_comparison", "Models of popularity"),
            heading("The leak", "leak"),
            _leak(evidence),
            *in_part(evidence.captions, "leak"),
            _table(evidence, "popularity_leak", "The leak in numbers"),
            heading("What popularity goes with"),
            _strongest(evidence),
            *in_part(evidence.captions, "popularity-effects"),
            table(
                _final_terms(evidence),
                "Terms of the final model",
                "tables/popularity_terms.csv",
                folded=False,
            ),
            table(
                evidence.table("popularity_coefficients"),
                "Coefficients of all models",
                "tables/popularity_coefficients.csv",
                _COEFFICIENTS,
                folded=True,
            ),
            heading("How the model was chosen"),
            _choice(evidence),
            _trace(evidence, "popularity_steps", "Terms dropped, step by step"),
            _trace(evidence, "popularity_curvature", "Curves tried, step by step"),
            _gvif(evidence),
            *in_part(evidence.captions, "popularity-gvif"),
            _table(evidence, "vif_values", "Variance inflation", folded=True),
            heading("Residuals"),
            _family(evidence),
            *in_part(evidence.captions, "popularity-residuals"),
        ],
        short="Popularity",
    )


def _why_absent(evidence: Evidence) -> str:
    why: str | None = evidence.get("popularity.left_out")
    if why is not None:
        return f"There is no model of popularity. {why}"
    if evidence.get("preprocess.has_popularity") is False:
        return "The table has no popularity column, so there is no model of popularity."
    return "The output folder holds no findings about popularity, so there is nothing to tell."


def _table(evidence: Evidence, name: str, title: str, *, folded: bool = False) -> Block | None:
    return table(evidence.table(name), title, f"tables/{name}.csv", folded=folded)


def _trace(evidence: Evidence, name: str, title: str) -> Block | None:
    """The steps of a search: what each did to the model, with the p-value adjusted for the number of steps."""
    steps = evidence.table(name)
    if steps is not None:
        steps = steps.drop(columns="p_value", errors="ignore")
    return table(steps, title, f"tables/{name}.csv", folded=True)


def _honest(evidence: Evidence) -> Block | None:
    get = evidence.get
    whose = "tracks of artists left out" if evidence.by_artist else "tracks left out"
    return text(
        say(
            "On {whose} the final model explains {r2} of the variance of popularity.",
            whose=whose,
            r2=percent(get("popularity.r2_test")),
        ),
        say(
            "Its typical error (RMSE) there is {rmse} points on the scale from 0 to 100; always predicting "
            "the mean gives {mean}.",
            rmse=number(get("popularity.rmse_test")),
            mean=number(get("popularity.rmse_mean_only")),
        ),
        say("{zeros} of the tracks have popularity 0.", zeros=percent(get("popularity.zero_share"))),
        "What a track sounds like says little about how much it is played; who plays it and when is not in the table."
        if (get("popularity.r2_test") or 1.0) < 0.2
        else None,
    )


def _leak(evidence: Evidence) -> Block | None:
    get = evidence.get
    if get("popularity.r2_leaked_test") is None and get("popularity.r2_leaked_train") is None:
        return None
    return note(
        "A leak, for comparison.",
        say(
            "Cut popularity into bands and put the bands among the predictors, as notebooks on this table "
            "do: R² on held-out tracks goes from {honest} to {leaked}.",
            honest=number(get("popularity.r2_honest_test"), 3),
            leaked=number(get("popularity.r2_leaked_test"), 3),
        )
        or say(
            "With popularity bands among its predictors the model reaches R² {leaked} on its training tracks.",
            leaked=number(get("popularity.r2_leaked_train"), 3),
        ),
        "Nothing was explained: the answer was read off itself. For a new track nobody has the bands.",
    )


def _strongest(evidence: Evidence) -> Block | None:
    strongest = names(map(feature, evidence.several("popularity.strongest_features")))
    return text(
        say("The features that move expected popularity most are {strongest}.", strongest=strongest),
        "Curves hold everything else at its mean; they describe, they do not say what a change would cause.",
    )


def _final_terms(evidence: Evidence) -> pd.DataFrame | None:
    terms = evidence.table("popularity_terms")
    if terms is None or not {"model", "family"} <= set(terms.columns):
        return terms
    final = terms[(terms["model"] == "higher_order") & (terms["family"] == "gaussian")]
    return final.drop(columns=["model", "family", "p_value"], errors="ignore")


def _choice(evidence: Evidence) -> Block | None:
    dropped, curved = (
        evidence.several("popularity.dropped_terms"),
        evidence.several("popularity.curved_terms"),
    )
    criterion = evidence.get("popularity.criterion")
    return text(
        say("Whole terms were dropped one at a time: {criterion}.", criterion=criterion),
        say("Dropped: {dropped}.", dropped=names(map(feature, dropped), most=20)) or "No term was dropped.",
        say(
            "Bent afterwards, by AIC and a test clustered by artist: {curved}.",
            curved=names(map(feature, curved), most=20),
        )
        or "No feature asked for a curve.",
        "A feature that was dropped as a line may come back as a curve." if set(dropped) & set(curved) else None,
        *map(str, evidence.several("popularity.notes")),
    )


def _gvif(evidence: Evidence) -> Block | None:
    get = evidence.get
    worst = get("popularity.worst_gvif_term")
    return text(
        say(
            "The most collinear term is {term}: its adjusted GVIF is {value}, the factor by which "
            "collinearity widens its interval.",
            term=None if worst is None else feature(worst),
            value=number(get("popularity.worst_gvif_adjusted")),
        )
    )


def _family(evidence: Evidence) -> Block | None:
    get = evidence.get
    return text(
        "Popularity is bounded and piles up at 0, so residuals of a Gaussian model cannot be normal.",
        say(
            "A fractional (quasi-binomial) model of the same terms keeps within 0 to 100; its error on "
            "held-out tracks is {fractional} points against {gaussian}.",
            fractional=number(get("popularity.rmse_test_fractional")),
            gaussian=number(get("popularity.rmse_test")),
        ),
    )
