"""A table out of which artists were drawn, in the report."""

from pathlib import Path

import pandas as pd
from report_folder import full_folder

from genreglm.study.report import summarise


def test_all_rows_are_told_beside_those_that_were_studied(tmp_path: Path) -> None:
    store = full_folder(tmp_path, genres=4)
    whole = summarise(store)
    store.json("work/load.json", {**store.read_json("work/load.json"), "rows": 120_000, "rows_of_table": 9_000_000})
    estimates = {"log_loss": (3.301, 3.29, 3.31), "top_1": (0.208, 0.206, 0.211), "top_5": (0.477, 0.47, 0.48)}
    scores = pd.DataFrame.from_dict(estimates, orient="index", columns=["estimate", "conf_low", "conf_high"])
    scores = scores.rename_axis("score").reset_index().assign(std_error=0.001, rows=8_880_000, artists=910_000)
    store.table("scores_of_others", scores)
    store.table("coefficients_every_row", pd.DataFrame({"class": ["a"], "term": "tempo", "estimate": 0.1}))
    summary = summarise(store)
    by_id = {section["id"]: section["blocks"] for section in summary["sections"]}
    words = " ".join(str(block.get("text", "")) for block in by_id["recognition"]).replace("\N{NO-BREAK SPACE}", " ")
    assert "120,000 rows of the 9,000,000 rows of the table" in words
    assert "8,880,000 tracks by 910,000 artists that it never heard" in words
    assert "right for 20.8 % (20.6 % to 21.1 %) at once and for 47.7 % within five" in words
    assert "Every row of the table" in str(by_id["recognition"])
    assert "Log-loss (nats)" in str(by_id["recognition"])
    assert "log_loss" not in str(by_id["recognition"][-3:])
    assert "Rows of the table" in str(by_id["data"])
    before = {section["id"]: section["blocks"] for section in whole["sections"]}
    assert "of the table" not in str(before["data"])
    assert "Every row" not in str(before["recognition"])
