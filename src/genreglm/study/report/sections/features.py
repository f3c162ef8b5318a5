"""What the columns became before they entered a model."""

import pandas as pd

from genreglm.naming import feature, term
from genreglm.study.report.blocks import Block, section, table, text
from genreglm.study.report.evidence import Evidence
from genreglm.study.report.figures import in_part
from genreglm.study.report.words import counted, names, say

_TRANSFORM_COLUMNS = ("column", "kind", "skewness_before", "skewness_after", "reason")


def features(evidence: Evidence) -> Block:
    """Tell imputation, transforms, factors and curves."""
    transforms = evidence.table("transforms")
    get = evidence.get
    return section(
        "features",
        "Feature engineering and transforms",
        [
            text(
                "Everything here was learnt from training rows only and is stored with the model, so that "
                "new tracks go the same way."
            ),
            text(
                say(
                    "In {rows} no beat was found: Spotify writes 0 for what rests on beats. Those zeros are "
                    "not measurements; they were taken as missing, filled with the training median, and "
                    "flagged.",
                    rows=counted(get("preprocess.beatless_rows") or None, "row"),
                ),
                say(
                    "Factors enter as one column a level, kept or dropped together: {factors}.",
                    factors=names(map(feature, evidence.several("preprocess.factors"))),
                ),
                say(
                    "In the genre GLM these features bend (natural splines), because AIC asked for it: {splines}.",
                    splines=names(map(_bare, evidence.several("genre_models.splines")), most=20),
                ),
            ),
            _chosen(transforms),
            *in_part(evidence.captions, "features"),
            table(transforms, "Transforms", "tables/transforms.csv", _TRANSFORM_COLUMNS, folded=False),
            table(
                evidence.table("engineered_features"),
                "What is made of the columns, and where it is used",
                "tables/engineered_features.csv",
                folded=True,
            ),
        ],
        short="Features",
    )


def _chosen(transforms: pd.DataFrame | None) -> Block | None:
    if transforms is None or not {"column", "kind"} <= set(transforms.columns):
        return None
    changed = transforms[transforms["kind"] != "identity"]
    if changed.empty:
        return text("No transform made a feature clearly less skewed, so all stay on their own scale.")
    listed = names(
        (f"{feature(row['column'])} ({row['kind'].replace('_', ' ')})" for row in changed.to_dict("records")),
        most=20,
    )
    return text(f"Transformed because it makes the distribution clearly less skewed: {listed}.")


def _bare(name: str) -> str:
    return term(name).removesuffix(" (spline)")
