"""What the numbers mean and what they do not: what a reader would otherwise take from them wrongly."""

from genreglm.study.report.blocks import Block, bullets, section
from genreglm.study.report.evidence import Evidence
from genreglm.study.report.words import count, counted, percent, say

_MANY = 50_000  # rows, from where on tests clustered by artist find nearly everything


def meaning(evidence: Evidence) -> Block:
    """Tell the limits that hold for this study."""
    return section(
        "meaning", "What the numbers do and do not mean", [bullets(_limits(evidence))], short="What it means"
    )


def _limits(evidence: Evidence) -> list[str | None]:
    get = evidence.get
    return [
        "This run describes simulated tracks. It shows how the study works; no number in it is a finding about music."
        if evidence.simulated
        else None,
        "A genre here is a label that someone put on a track for listeners to browse by. Some name a sound, "
        "others a country, an audience, a use or a mood. That a model fails on such a label need not be the "
        "model's fault.",
        say(
            "{tracks} under several genres, and every one of those labels is as true as the others. Top-1 "
            "accuracy is capped at {ceiling} for that reason alone.",
            tracks=counted(get("preprocess.multi_label_tracks") or None, "track stands", "tracks stand"),
            ceiling=percent(get("preprocess.label_ceiling")),
        ),
        "Energy, valence, danceability and the like are outputs of Spotify's own models, not measurements of "
        "sound. Their errors are unknown here, and a change in Spotify's methods would change them.",
        "The data are observational. An effect says how genres differ in a feature when the other features "
        "are held equal; it does not say what would happen to a track whose feature were changed.",
        "Coefficients are relative to the mean of all genres. Add or drop a genre and they change.",
        say(
            "With {rows} nearly any difference is statistically clear. A small p-value means that an effect "
            "is not zero, not that it is large; look at its size and its interval.",
            rows=counted(get("preprocess.rows_out"), "row"),
        )
        if (get("preprocess.rows_out") or 0) >= _MANY
        else None,
        _separated(evidence),
        say(
            "No beat was found in {rows}. The values that rest on beats were filled with training "
            "medians there; conclusions about tempo do not rest on those rows.",
            rows=counted(get("preprocess.beatless_rows") or None, "row"),
        ),
        f"Scores come from one split. Another draw of {'artists' if evidence.by_artist else 'tracks'} would move them "
        "a little; small gaps between models are not to be read as a ranking.",
    ]


def _separated(evidence: Evidence) -> str | None:
    cells = sum(len(cell.get("labels") or []) for cell in evidence.several("genre_models.separated"))
    if not cells:
        return None
    return (
        f"{count(cells)} combinations of genre and level never occur in the table. Their coefficients are "
        "finite by convention only; that a combination was not seen does not make it impossible."
    )
