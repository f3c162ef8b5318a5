import numpy as np

from genreglm.tracks.tempo_grid import log_off_grid


def test_distance_is_to_the_nearest_whole_number() -> None:
    found = np.exp(log_off_grid(np.array([120.0, 119.99, 120.01, 93.5, 93.75])))
    np.testing.assert_allclose(found - 0.002, [0.0, 0.01, 0.01, 0.5, 0.25], atol=1e-9)
