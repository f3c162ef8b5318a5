"""Training and evaluation: how well genres are recognised, by which model, and what is taken for what."""

import pandas as pd

from genreglm.study.report.answer import accuracy, flattery, mistake, unheard
from genreglm.study.report.answer import features as strongest
from genreglm.study.report.blocks import Block, bullets, heading, matrix, section, table, text
from genreglm.study.report.evidence import Evidence
from genreglm.study.report.figures import in_part
from genreglm.study.report.sections.assurance import assurance
from genreglm.study.report.sections.cards import cards
from genreglm.study.report.sections.every_row import every_row
from genreglm.study.report.sections.families import families, several_genres
from genreglm.study.report.sections.folds import folds
from genreglm.study.report.words import counted, names, number, percent, say

_COLUMNS = {
    "model_comparison": (
        *("model", "split", "features", "top_1", "top_3", "top_5", "any_label", "macro_f1"),
        *("log_loss", "brier", "ece", "parameters", "seconds"),
    ),
    "artist_folds": ("fold", "artists", "rows", "unseen", "top_1", "top_3", "top_5", "log_loss"),
    "calibration": ("model", "bin", "confidence", "accuracy", "count"),
    "ridge_trace": ("model", "strength", "log_loss"),
}
_TRUSTED = 0.02  # a mean gap below two points, as in the calibration figure


def recognition(evidence: Evidence) -> Block:
    """Tell the comparison of models, the two splits, the ceiling, recall, confusions and calibration."""
    if not evidence.findings["evaluation"]:
        absent = text("The output folder holds no evaluation, so there is nothing to tell.")
        return section("recognition", "Training and evaluation", [absent], short="Recognition")
    return section(
        "recognition",
        "Training and evaluation",
        [
            text(accuracy(evidence), _tested_on(evidence)),
            _scores(evidence),
            heading("Models side by side"),
            _boosting(evidence),
            *in_part(evidence.captions, "recognition"),
            _table(evidence, "model_comparison", "Models side by side", folded=False),
            _table(evidence, "ridge_trace", "Ridge strengths tried, by log-loss on rows held out for choosing"),
            *cards(evidence),
            heading("Two splits: by artist and by row" if evidence.by_artist else "What is held out", "splits"),
            _splits(evidence),
            _luck(evidence),
            _table(evidence, "artist_folds", f"The linear model on each fold of {_held_out(evidence)}"),
            *every_row(evidence),
            *folds(evidence),
            heading("What the model lives on", "strength"),
            text(strongest(evidence), _shuffled(evidence)),
            *in_part(evidence.captions, "strength"),
            _table(evidence, "term_strength", "Rise in log-loss with each feature shuffled"),
            heading("The label ceiling", "ceiling"),
            _ceiling(evidence),
            several_genres(evidence),
            *families(evidence),
            heading("Which genres are recognised", "recall"),
            _recalls(evidence),
            *in_part(evidence.captions, "recalls"),
            _table(evidence, "classification_report", "Precision and recall of each genre"),
            heading("What is confused with what", "confusions"),
            _mistakes(evidence),
            _all_mistakes() if evidence.table("confusion_matrix") is not None else None,
            *in_part(evidence.captions, "confusions"),
            _table(evidence, "worst_confusions", "Pairs confused most"),
            heading("Can the probabilities be trusted", "calibration"),
            _calibration(evidence),
            *in_part(evidence.captions, "calibration"),
            _table(evidence, "calibration", "Calibration by bin"),
            *assurance(evidence),
        ],
        short="Recognition",
    )


def _table(evidence: Evidence, name: str, title: str, *, folded: bool = True) -> Block | None:
    columns = evidence.without_artists(_COLUMNS[name]) if name in _COLUMNS else None
    return table(_without_constants(evidence.table(name)), title, f"tables/{name}.csv", columns, folded=folded)


def _without_constants(frame: pd.DataFrame | None) -> pd.DataFrame | None:
    """Leave out a column `model` that says the same in each row."""
    return frame.drop(columns="model") if frame is not None and _one_model(frame) else frame


def _one_model(frame: pd.DataFrame) -> bool:
    return "model" in frame and len(frame) > 1 and len(set(frame["model"])) == 1


def _tested_on(evidence: Evidence) -> str | None:
    artists = counted(evidence.get("evaluation.test_artists"), "artist") if evidence.by_artist else None
    rows = counted(evidence.get("evaluation.test_rows"), "row")
    return say(
        "Tested on {rows} by {artists}, none of whose tracks were used to fit or to choose anything.",
        rows=rows,
        artists=artists,
    ) or say("Tested on {rows} that were not used to fit or to choose anything.", rows=rows)


def _scores(evidence: Evidence) -> Block | None:
    get = evidence.get
    return text(
        say(
            "Counting any of a track's genres as right gives {any}.",
            any=percent(get("evaluation.headline.any_label")),
        ),
        say(
            "The log-loss is {loss} nats, against {null} for guessing from the genres' frequencies.",
            loss=number(get("evaluation.headline.log_loss"), 3),
            null=number(get("evaluation.null.log_loss"), 3),
        ),
        say("Macro F1 is {f1}.", f1=percent(get("evaluation.headline.macro_f1"))),
    )


def _boosting(evidence: Evidence) -> Block | None:
    get = evidence.get
    losses = get("evaluation.headline.log_loss"), get("evaluation.boosting.log_loss")
    if None in losses:
        return None
    gap = round(losses[0] - losses[1], 3)
    verdict = "better than" if gap < 0 else "worse than" if gap > 0 else "as good as"
    return text(
        say(
            "Gradient boosting, a yardstick that no formula can be read from, gets {top} right on the same "
            "rows, with a log-loss of {loss}; the GLM's probabilities are {verdict} that ({own}).",
            top=percent(get("evaluation.boosting.top_1")),
            loss=number(losses[1], 3),
            own=number(losses[0], 3),
            verdict=verdict,
        )
    )


def _splits(evidence: Evidence) -> Block | None:
    if not evidence.by_artist:
        return text(
            "The table names no artists. The rows held out are tracks the model has not seen, but their "
            "artists may be known to it; expect less from artists who are not in the table."
        )
    return text(
        "An artist's tracks resemble each other in more than their genre. Where rows are split at random, "
        "most test tracks have siblings by the same artist among the training tracks, and a model is paid "
        "for recognising the artist. Splitting by first named artist asks what a user asks: what about music "
        "by someone new?",
        flattery(evidence),
    )


def _luck(evidence: Evidence) -> Block | None:
    get, folds = evidence.get, evidence.table("artist_folds")
    unseen = 0 if folds is None or "unseen" not in folds else int(folds["unseen"].sum())
    return text(
        say(
            "Which {units} are held out is luck. With all {units} dealt into {count} folds, each tested once by the "
            "model of the others, the linear GLM gets {mean} right on average, from {low} to {high} by fold.",
            units=_held_out(evidence),
            count=number(get("evaluation.folds.count"), 0),
            mean=percent(get("evaluation.folds.mean")),
            low=percent(get("evaluation.folds.low")),
            high=percent(get("evaluation.folds.high")),
        ),
        say(
            "{rows} not be scored, since no other fold has their genre.",
            rows=counted(unseen or None, "row could", "rows could"),
        ),
    )


def _held_out(evidence: Evidence) -> str:
    return "artists" if evidence.by_artist else "tracks"


def _shuffled(evidence: Evidence) -> str | None:
    if evidence.table("term_strength") is None:
        return None
    return (
        "Each feature is shuffled among the test rows, which breaks its tie to the genre; what other features "
        "tell about it stays, so features that share information share their strength too."
    )


def _ceiling(evidence: Evidence) -> Block | None:
    ceiling = evidence.get("evaluation.label_ceiling") or evidence.get("preprocess.label_ceiling")
    if ceiling is None:
        return None
    if ceiling >= 1:
        return text("No track stands under several genres, so a perfect model could be right for every row.")
    return text(
        "Tracks under several genres come as several rows with the same sound. One answer a track can be "
        f"right for one of them only, so no model of this kind can exceed {percent(ceiling)} top-1, however "
        "good. Counting any of the track's genres as right takes the ceiling away; that is the column “any "
        "of its labels”."
    )


def _recalls(evidence: Evidence) -> Block | None:
    best, worst = (evidence.several(f"evaluation.{which}_recall") for which in ("best", "worst"))
    return text(
        say("Recognised best: {genres}.", genres=_shares(best)),
        say("Recognised least: {genres}.", genres=_shares(worst)) if worst != best else None,
        _never(evidence.table("classification_report")),
        "Recall is the share of a genre's test tracks that are put into it." if best or worst else None,
    )


def _never(report: pd.DataFrame | None) -> str | None:
    if report is None or not {"recall", "support"} <= set(report.columns):
        return None
    missed = int(((report["recall"] == 0) & (report["support"] > 0)).sum())
    return say("{genres} never recognised in the test.", genres=counted(missed or None, "genre is", "genres are"))


def _shares(recalls: list[list[object]]) -> str | None:
    return names(f"{genre} ({percent(float(str(recall)), 0)})" for genre, recall in recalls)


def _mistakes(evidence: Evidence) -> Block | None:
    return bullets(f"{mistake(pair)}." for pair in evidence.several("evaluation.confusions"))


def _all_mistakes() -> Block:
    orders = (
        ("likeness", "of genres, like beside like"),
        ("family", "of genres, by family"),
        ("families", "of families"),
    )
    note = (
        "Rows: the true genre; columns: what it is taken for. The stronger the colour, the larger the share of the "
        "true genre's test tracks; orange is told right."
    )
    return matrix("confusion", "All mistakes", note, orders)


def _calibration(evidence: Evidence) -> Block | None:
    error = evidence.get("evaluation.headline.ece")
    if error is None:
        return None
    verdict = "can be taken at their word" if error < _TRUSTED else "should not be taken at their word"
    return text(
        f"Stated probabilities {verdict}: on {unheard(evidence)} they miss the share of right answers by "
        f"{number(100 * error, 1)} points on average (expected calibration error)."
    )
