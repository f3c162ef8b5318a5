"""The stages of the study in order, each a function from store to store."""

from genreglm.study.context import Stage
from genreglm.study.stages import (
    assure,
    describe_genres,
    diagnose,
    engineer,
    evaluate,
    explore,
    folds,
    genre_glm,
    keep_model,
    load,
    popularity_glm,
    preprocess,
    report,
    train,
    visualise,
)

STAGES = (
    Stage("load", "Load and validate", load.run),
    Stage("preprocess", "Preprocess", preprocess.run),
    Stage("explore", "Explore", explore.run),
    Stage("engineer", "Engineer features", engineer.run),
    Stage("popularity_glm", "GLM of popularity", popularity_glm.run),
    Stage("genre_glm", "GLM of genre", genre_glm.run),
    Stage("diagnose", "Can the model be trusted?", diagnose.run),
    Stage("describe_genres", "What makes a genre?", describe_genres.run),
    Stage("train", "Train", train.run),
    Stage("evaluate", "Evaluate", evaluate.run),
    Stage("assure", "How sure is a prediction?", assure.run),
    Stage("keep_model", "Keep the model", keep_model.run),
    Stage("folds", "Every artist tested", folds.run),
    Stage("visualise", "Visualise", visualise.run),
    Stage("report", "Report", report.run),
)

__all__ = ["STAGES"]
