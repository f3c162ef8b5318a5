"""A fitted model: what it holds, the tables it gives, its text, and its file."""

from genreglm.result.combine import combine_classes
from genreglm.result.glance import tjur_r2
from genreglm.result.hypothesis import linear_hypothesis
from genreglm.result.model import Bread, FitStatistics, Inference, Result, SeparatedCell
from genreglm.result.store import load, save

__all__ = [
    "Bread",
    "FitStatistics",
    "Inference",
    "Result",
    "SeparatedCell",
    "combine_classes",
    "linear_hypothesis",
    "load",
    "save",
    "tjur_r2",
]
