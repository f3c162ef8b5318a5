"""The popularity of tracks: a Gaussian and a fractional GLM without the seed's leak, and what they show."""

from genreglm.study.popularity.study import PopularityStudy, study_popularity

__all__ = ["PopularityStudy", "study_popularity"]
