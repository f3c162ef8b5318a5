"""A fitted model: what it holds, the tables it gives, its text, and its file."""

from genreglm.result.model import FitStatistics, Inference, Result, SeparatedCell
from genreglm.result.store import load, save

__all__ = ["FitStatistics", "Inference", "Result", "SeparatedCell", "load", "save"]
