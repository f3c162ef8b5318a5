"""A model in use: all that a study leaves for tagging new tracks, in one folder that executes nothing when read."""

from genreglm.tagger.drift import drift
from genreglm.tagger.explain import explain
from genreglm.tagger.model import Tagger
from genreglm.tagger.store import load, save_tagger

__all__ = ["Tagger", "drift", "explain", "load", "save_tagger"]
