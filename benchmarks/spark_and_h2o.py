"""A fit in passes beside the multinomial regressions of Spark MLlib and H2O, on the same files and machine.

`python -m benchmarks.spark_and_h2o FILES OUT [--rows 1000000] [--steps 100] [--python PYTHON] [--peers spark h2o]`
takes the files that `benchmarks.out_of_core` simulated. Spark (`local[2]`) and H2O (two threads) read them, make the
same columns (numbers, their products, key and mode as factors), hold them in memory and fit without a penalty, by
L-BFGS; genreglm fits the files in passes, with standard errors. Each runs in a process of its own; writes
spark_and_h2o.csv with seconds from the files to the answer, of the fit alone (for the peers from rows that are in
memory already), and the log-likelihood that each reached. PYTHON is one that has pyspark and h2o; Java is needed.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.out_of_core import _BLOCK, FORMULA, Watch, build

_NUMBERS = (
    *("danceability", "energy", "loudness", "speechiness", "acousticness", "instrumentalness", "liveness", "valence"),
    *("tempo", "duration"),
)
_PRODUCTS = (
    *(("energy", "danceability"), ("energy", "valence"), ("energy", "tempo"), ("loudness", "acousticness")),
    ("danceability", "valence"),
)


def with_genreglm(files: list[str]) -> dict[str, Any]:
    """Fit in passes, with standard errors."""
    import genreglm as gg

    with Watch() as watch:
        start = time.perf_counter()
        found = gg.fit(FORMULA, files, out_of_core=True)
        seconds = time.perf_counter() - start
    return {
        "what": "genreglm, in passes, with standard errors",
        "seconds": seconds,
        "seconds_of_fit": seconds,
        "steps": found.statistics.iterations,
        "passes": found.statistics.passes,
        "rows": found.statistics.nobs,
        "log_likelihood": found.statistics.log_likelihood,
        "peak_anonymous_mb": watch.peak,
    }


def with_spark(files: list[str], steps: int) -> dict[str, Any]:
    """Fit with MLlib, by its own defaults but for the number of steps."""
    from pyspark.ml import Pipeline
    from pyspark.ml.classification import LogisticRegression
    from pyspark.ml.feature import OneHotEncoder, StringIndexer, VectorAssembler
    from pyspark.sql import SparkSession
    from pyspark.sql.functions import col

    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.driver.memory", "14g")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    start = time.perf_counter()
    rows = session.read.parquet(*files)
    for one, other in _PRODUCTS:
        rows = rows.withColumn(f"{one}_{other}", col(one) * col(other))
    products = [f"{one}_{other}" for one, other in _PRODUCTS]
    columns = Pipeline(
        stages=[
            StringIndexer(inputCol="track_genre", outputCol="label"),
            OneHotEncoder(inputCols=["key", "mode"], outputCols=["keys", "modes"]),
            VectorAssembler(inputCols=[*_NUMBERS, *products, "keys", "modes"], outputCol="features"),
        ]
    )
    held = columns.fit(rows).transform(rows).select("label", "features").repartition(8).cache()
    count = held.count()
    begun = time.perf_counter()
    model = LogisticRegression(family="multinomial", regParam=0.0, maxIter=steps).fit(held)
    over = time.perf_counter()
    history = model.summary.objectiveHistory
    session.stop()
    return {
        "what": "Spark MLlib, local[2], without standard errors",
        "seconds": over - start,
        "seconds_of_fit": over - begun,
        "steps": len(history) - 1,
        "rows": count,
        "log_likelihood": -history[-1] * count,
    }


def with_h2o(files: list[str], steps: int) -> dict[str, Any]:
    """Fit with H2O, by its own defaults but for the solver, the penalty and the number of steps."""
    import h2o
    from h2o.estimators import H2OGeneralizedLinearEstimator

    h2o.init(nthreads=2, max_mem_size="14g", verbose=False)
    h2o.no_progress()
    start = time.perf_counter()
    rows = h2o.import_file(files)
    for name in ("track_genre", "key", "mode"):
        rows[name] = rows[name].asfactor()
    for one, other in _PRODUCTS:
        rows[f"{one}_{other}"] = rows[one] * rows[other]
    columns = [*_NUMBERS, *(f"{one}_{other}" for one, other in _PRODUCTS), "key", "mode"]
    begun = time.perf_counter()
    model = H2OGeneralizedLinearEstimator(
        family="multinomial", solver="L_BFGS", lambda_=0.0, max_iterations=steps, seed=0
    )
    model.train(x=columns, y="track_genre", training_frame=rows)
    over = time.perf_counter()
    found = {
        "what": "H2O GLM, L_BFGS, two threads, without standard errors",
        "seconds": over - start,
        "seconds_of_fit": over - begun,
        "steps": int(model.summary()["number_of_iterations"][0]),
        "rows": rows.nrow,
        "log_likelihood": -0.5 * model.residual_deviance(),
    }
    h2o.cluster().shutdown()
    return found


_PEERS = {"spark": with_spark, "h2o": with_h2o}


def main() -> None:
    """Build the files, fit every way in processes of their own, and write a CSV."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--steps", type=int, default=100, help="Spark's own default is 100")
    parser.add_argument("--python", default=sys.executable, help="a Python that has the peers")
    parser.add_argument("--peers", nargs="*", choices=list(_PEERS), default=list(_PEERS))
    parser.add_argument("--one", choices=["genreglm", *_PEERS], help="fit in this process, and print what it took")
    asked = parser.parse_args()
    files = sorted(map(str, asked.files.glob("*.parquet")))[: -(-asked.rows // _BLOCK)]
    if asked.one:
        found = with_genreglm(files) if asked.one == "genreglm" else _PEERS[asked.one](files, asked.steps)
        print(json.dumps(found))
        return
    asked.out.mkdir(parents=True, exist_ok=True)
    build(asked.files, asked.rows)
    given = [str(asked.files), str(asked.out), "--rows", str(asked.rows), "--steps", str(asked.steps)]
    table = []
    for one, python in (("genreglm", sys.executable), *((peer, asked.python) for peer in asked.peers)):
        command = [python, "-m", "benchmarks.spark_and_h2o", *given, "--one", one]
        told = subprocess.run(command, capture_output=True, text=True)
        if told.returncode:
            raise SystemExit(told.stderr)
        table.append(json.loads(told.stdout.splitlines()[-1]))
        pd.DataFrame(table).to_csv(asked.out / "spark_and_h2o.csv", index=False)


if __name__ == "__main__":
    main()
