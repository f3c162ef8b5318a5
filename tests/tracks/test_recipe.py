import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from genreglm.errors import DataError, ModelFileError
from genreglm.tracks.genres import label_ceiling
from genreglm.tracks.ledger import Ledger
from genreglm.tracks.recipe import CONTINUOUS, TRANSFORMABLE, Recipe, clean_rows, learn
from genreglm.tracks.validation import validate
from raw_tables import GENRES, raw_table

REAL = Path(__file__).parents[3] / "shared" / "data" / "spotify_tracks.parquet"


def cleaned(raw: pd.DataFrame, **options: object) -> tuple[pd.DataFrame, Ledger]:
    ledger = Ledger()
    return clean_rows(validate(raw).rows, ledger, **options), ledger


def counts(ledger: Ledger, action: str | None = None) -> dict[str, int]:
    return {e.rule: e.count for e in ledger.entries if e.count and action in (None, e.action)}


def test_a_clean_table_stays_whole():
    clean, ledger = cleaned(raw_table())
    assert len(clean) == 60
    assert counts(ledger, "dropped") == {}
    assert {"read", "kept", "dropped", "flagged", "set to missing"} <= set(ledger.to_frame()["action"])
    derived = ["artist", "beat_found", "labels", "duration_min", "popularity_known"]
    assert clean.columns.tolist()[-5:] == derived
    assert clean["artist"].tolist()[:4] == ["Artist 0", "Artist 0", "Artist 0", "Artist 1"]
    np.testing.assert_allclose(clean["duration_min"] * 60_000, clean["duration_ms"])


def test_dropped_rows_are_in_the_ledger():
    raw = raw_table()
    raw.loc[60] = raw.loc[4]  # an exact duplicate
    raw.loc[61] = raw.loc[5]
    raw.loc[61, "track_genre"] = ""
    raw.loc[62] = raw.loc[6]
    raw.loc[62, ["track_id", "track_genre"]] = ["rare", "polka"]
    raw = raw.astype(object)
    raw.loc[7, ["energy", "loudness", "valence", "tempo", "liveness", "key", "mode", "speechiness"]] = None
    clean, ledger = cleaned(raw)
    assert counts(ledger, "dropped") == {
        "no genre": 1,
        "exact duplicate of an earlier row": 1,
        "more than half of the features missing": 1,
        "genre with fewer than 10 rows": 1,
    }
    assert len(clean) == 59
    assert clean.index.tolist() == list(range(59))
    assert not {7, 60, 61, 62} & set(clean["source_row"])
    rare = next(e for e in ledger.entries if e.rule == "genre with fewer than 10 rows")
    assert rare.detail == "polka 1"


def test_earlier_drops_do_not_upset_the_balance():
    ledger = Ledger()
    ledger.add("load", "not in the sample", "rows", 1_000, "dropped")
    assert len(clean_rows(validate(raw_table()).rows, ledger)) == 60


def test_impossible_values_become_missing():
    raw = raw_table().astype({"popularity": float, "key": float, "mode": float, "time_signature": float})
    wrong = {"duration_ms": 0, "tempo": -5, "energy": 1.5, "valence": -0.5, "loudness": 30}
    also = {"popularity": 101, "key": 12, "mode": 0.5, "time_signature": 4.5}
    raw.loc[3, list(wrong)] = list(wrong.values())
    raw.loc[4, list(also)] = list(also.values())
    clean, ledger = cleaned(raw)
    assert clean.loc[3, list(wrong)].isna().all()
    assert clean.loc[4, list(also)].isna().all()
    assert clean["popularity_known"].tolist() == [i != 4 for i in range(60)]
    assert sum(counts(ledger, "set to missing").values()) == len(wrong) + len(also)
    assert clean["beat_found"].all()


def test_rows_without_a_beat_stay_and_are_flagged():
    raw = raw_table()
    raw.loc[2, ["tempo", "time_signature", "danceability", "speechiness"]] = 0
    raw.loc[3, "time_signature"] = 0
    raw.loc[4, "danceability"] = 0  # with a beat, a measured zero
    clean, ledger = cleaned(raw)
    assert np.flatnonzero(~clean["beat_found"]).tolist() == [2, 3]
    assert clean.loc[2, ["tempo", "time_signature", "danceability", "speechiness"]].isna().all()
    assert clean.loc[3, "tempo"] > 0
    assert clean.loc[4, "danceability"] == 0
    found = counts(ledger)
    assert found["no beat found: tempo or time signature 0"] == 2
    assert found["0 where no beat was found"] == 5


def twins() -> pd.DataFrame:
    """Every blues track a second time, as boogie."""
    raw = raw_table()
    return pd.concat([raw, raw[raw["track_genre"] == "blues"].assign(track_genre="boogie")], ignore_index=True)


def test_identical_genres_are_merged_under_the_first_name():
    clean, ledger = cleaned(twins())
    assert set(clean["track_genre"]) == set(GENRES)
    assert counts(ledger)["genre with exactly the tracks of another"] == 20
    assert counts(ledger, "dropped") == {"exact duplicate made by merging genres": 20}
    assert set(clean["labels"]) == set(GENRES)


def test_identical_genres_can_stay_apart():
    clean, ledger = cleaned(twins(), merge_identical=False)
    assert set(clean["track_genre"]) == {*GENRES, "boogie"}
    assert counts(ledger, "left apart") == {"genre with exactly the tracks of another": 20}
    assert set(clean["labels"]) == {"ambient", "techno", "blues|boogie"}
    assert counts(ledger)["track under several genres"] == 40


def test_artists_are_the_first_named_in_one_spelling():
    raw = raw_table()
    names = ["Fisher", "FISHER;A", " fisher  ", "FISHER", "", ";B", "Los  Hermanos", "Los Hermanos"]
    raw.loc[: len(names) - 1, "artists"] = names
    raw.loc[5, "track_id"] = ""
    clean, ledger = cleaned(raw)
    assert clean["artist"].tolist()[:4] == ["FISHER"] * 4
    assert clean["artist"].tolist()[4:8] == ["id0004", "row 5", "Los Hermanos", "Los Hermanos"]
    assert counts(ledger)["artist spelt in several ways"] == 2
    assert counts(ledger)["no artist named"] == 2


def test_without_artists_a_track_is_its_own_artist():
    raw = raw_table()
    clean, _ = cleaned(raw.drop(columns="artists"))
    assert clean["artist"].tolist() == raw["track_id"].tolist()
    clean, _ = cleaned(raw.drop(columns=["artists", "track_id"]))
    assert clean["artist"].tolist() == [f"row {i}" for i in range(60)]


def test_too_few_genres_after_cleaning():
    with pytest.raises(DataError, match="no genre is left with at least 21 rows"):
        cleaned(raw_table(), min_genre_rows=21)


def holed() -> pd.DataFrame:
    raw = raw_table().astype({"key": float, "popularity": float, "duration_ms": float, "explicit": object})
    raw.loc[0, ["energy", "key", "popularity", "duration_ms", "explicit"]] = [np.nan] * 4 + [None]
    raw.loc[1, "energy"] = np.nan
    return raw


def test_missing_cells_get_what_training_rows_say():
    clean, ledger = cleaned(holed())
    train = clean.iloc[30:]
    learnt = learn(train)
    rows = learnt.apply(clean, ledger)
    assert rows.loc[[0, 1], "energy"].tolist() == [train["energy"].median()] * 2
    assert rows.loc[0, "duration_min"] == train["duration_ms"].median() / 60_000
    assert rows.loc[0, "key"] == train["key"].mode()[0]
    assert not rows.loc[0, "popularity_known"]
    assert rows[[*learnt.features, *learnt.factors, "popularity"]].notna().all(axis=None)
    assert [str(rows[name].dtype) for name in ("key", "mode", "time_signature", "explicit")] == ["int64"] * 3 + ["bool"]
    assert counts(ledger, "imputed") == {
        f"missing {n}": 1 for n in ("duration_ms", "popularity", "key", "explicit")
    } | {"missing energy": 2}


def test_nothing_missing_is_one_line_of_zero():
    clean, ledger = cleaned(raw_table())
    learn(clean).apply(clean, ledger)
    assert [(e.rule, e.count) for e in ledger.entries if e.action == "imputed"] == [("missing features", 0)]


def test_the_recipe_rests_on_training_rows_only():
    clean, _ = cleaned(raw_table())
    other = clean.copy()
    other.loc[30:, list(TRANSFORMABLE)] *= 0.5
    assert learn(clean.iloc[:30]) == learn(other.iloc[:30])
    assert learn(clean) != learn(other)


def test_features_and_factors_by_name():
    clean, _ = cleaned(raw_table())
    clean["speechiness"] = np.exp(-5 * clean["speechiness"]) ** 3
    learnt = learn(clean.assign(energy=0.5, mode=1.0, liveness=clean["valence"]))
    assert "log_speechiness" in learnt.features
    assert len(learnt.features) == len(CONTINUOUS) - 2
    assert learnt.factors == ("key", "time_signature", "explicit")
    assert set(learnt.unusable) == {"energy", "mode", "valence"}
    table = learnt.transform_table()
    assert table["column"].tolist() == list(TRANSFORMABLE)
    assert (table["skewness_after"].abs() <= table["skewness_before"].abs()).all()


def test_new_rows_need_no_genre_and_may_be_wild():
    clean, _ = cleaned(raw_table())
    learnt = learn(clean)
    one = validate(raw_table().iloc[[8]].drop(columns=["track_genre", "artists", "popularity"]), genre_required=False)
    features = [*learnt.features, *learnt.factors]
    seen = learnt.apply(clean).loc[[8], features].reset_index(drop=True)
    pd.testing.assert_frame_equal(learnt.apply(one.rows)[features], seen)
    wild = one.rows.assign(duration_ms=9e9, loudness=-79.0, tempo=0.0, energy=np.nan, valence=np.inf)
    assert np.isfinite(learnt.apply(wild)[list(learnt.features)]).all(axis=None)
    assert not learnt.apply(wild)["beat_found"].any()


def test_new_rows_must_have_the_columns():
    clean, _ = cleaned(raw_table())
    with pytest.raises(DataError, match="rows lack energy, key, which the model learnt from"):
        learn(clean).apply(clean.drop(columns=["energy", "key", "popularity"]))


def test_training_rows_without_a_value():
    clean, _ = cleaned(raw_table())
    with pytest.raises(DataError, match=r'No training row has a value of key.*columns\.key = ""'):
        learn(clean.assign(key=np.nan))


def test_applying_twice_changes_nothing():
    raw = holed()
    raw.loc[5, ["tempo", "time_signature"]] = 0
    clean, _ = cleaned(raw)
    learnt = learn(clean)
    once = learnt.apply(clean)
    assert not once["beat_found"][5]
    pd.testing.assert_frame_equal(learnt.apply(once), once)


def test_a_recipe_comes_back_from_json():
    clean, _ = cleaned(raw_table())
    learnt = learn(clean)
    stored = json.loads(json.dumps(learnt.to_dict()))
    assert Recipe.from_dict(stored) == learnt
    with pytest.raises(ModelFileError, match=r"damaged \(KeyError: 'modes'\)"):
        Recipe.from_dict({key: value for key, value in stored.items() if key != "modes"})


@pytest.mark.skipif(not REAL.exists(), reason="the real table is not here")
def test_the_real_table():
    found = validate(pd.read_parquet(REAL))
    ledger = Ledger()
    apart = clean_rows(found.rows, ledger, merge_identical=False)
    assert len(apart) == 113_550
    assert counts(ledger)["exact duplicate of an earlier row"] == 450
    assert counts(ledger)["no beat found: tempo or time signature 0"] == 163
    assert apart.loc[apart["labels"].str.contains("|", regex=False), "track_id"].nunique() == 16_299
    assert label_ceiling(apart) == pytest.approx(0.7903, abs=1e-4)
    merged = clean_rows(found.rows, Ledger())
    assert len(merged) == 112_550
    assert merged["track_genre"].nunique() == 113
    learnt = learn(merged)
    kinds = {t.column: t.kind for t in learnt.transforms}
    assert kinds["duration_min"] == kinds["speechiness"] == "log"
    assert kinds["loudness"] == "reflected_log"
    rows = learnt.apply(merged)
    assert np.isfinite(rows[list(learnt.features)]).all(axis=None)


def test_rare_levels_join_the_most_frequent_one_in_training_and_new_rows_alike():
    raw = pd.concat([raw_table(), raw_table(), raw_table()], ignore_index=True)
    raw["time_signature"] = 4
    raw.loc[:24, "time_signature"] = 3
    raw.loc[25:30, "time_signature"] = 5
    rows, ledger = cleaned(raw.assign(track_name=[f"Track {row}" for row in range(len(raw))]))
    recipe = learn(rows)
    assert recipe.levels["time_signature"] == (3, 4)
    tracks = recipe.apply(rows, ledger)
    assert sorted(tracks["time_signature"].unique()) == [3, 4]
    assert counts(ledger, "pooled")["rare levels of time_signature"] == 6
    new = recipe.apply(rows.head(1).assign(time_signature=1.0))
    assert new["time_signature"].tolist() == [4]
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe
