"""Probabilities that are kept beside rows are those of products with the Hessian, and used in place of new ones."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from genreglm.engine.blocks import Blocks
from genreglm.engine.passes.partitions import Call, Keeping, Partition, in_partition, keeping_in_partition, together
from genreglm.engine.passes.rows import Changed, Combine, Followed, Found, Keeper, Kernel, added, selected
from genreglm.engine.passes.sums import curved, curved_roughly, loss_and_gradient, loss_and_gradient_keeping

ROWS, COLUMNS, CLASSES = 7_001, 6, 5


class Kept:
    """Rows of one partition, with what is kept of them."""

    rows, columns, classes = ROWS, COLUMNS, CLASSES

    def __init__(self, part: Partition, keeping: Keeping | None = None) -> None:
        self.part, self.keeping = part, keeping

    def reduce(self, kernel: Kernel, combine: Combine, *given: Any) -> Found:
        found = in_partition(self.part, self.keeping, Call(kernel, combine, given))
        assert found is not None
        return found

    def reduce_keeping(self, kernel: Kernel, keeper: Keeper, combine: Combine, *given: Any) -> tuple[Found, "Kept"]:
        keeping = keeping_in_partition(self.part, Call(keeper, combine, given))
        assert keeping.found is not None
        return keeping.found, Kept(self.part, keeping)


@pytest.fixture(params=[False, True], ids=["codes", "shares and offset"])
def part(request: pytest.FixtureRequest) -> Partition:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, COLUMNS))
    w = rng.integers(0, 3, ROWS).astype(float)
    if request.param:
        return Partition(x, rng.dirichlet(np.ones(CLASSES), ROWS), w, CLASSES, rng.normal(size=(ROWS, CLASSES)))
    return Partition(x, rng.integers(0, CLASSES, ROWS), w, CLASSES)


def no_change(own: Kept, last: Blocks) -> Any:
    return own


def followed(own: Kept, last: Blocks) -> Any:
    return Followed(own, last)


def of_some_columns(own: Kept, last: Blocks) -> Any:
    return selected(own, [0, 2, 5])


@pytest.mark.parametrize("change", [no_change, followed, of_some_columns])
def test_products_take_what_is_kept(part: Partition, change: Callable[[Kept, Blocks], Any]) -> None:
    rows = change(Kept(part), part.blocks(slice(0, 50)))
    rng = np.random.default_rng(1)
    coefficients, direction = rng.normal(size=(2, rows.columns, CLASSES))
    found, kept = rows.reduce_keeping(loss_and_gradient, loss_and_gradient_keeping, added, coefficients)
    np.testing.assert_equal(found, rows.reduce(loss_and_gradient, added, coefficients))
    own: Any = kept.own if isinstance(kept, Changed) else kept.first if isinstance(kept, Followed) else kept
    assert own.keeping.kept.shape == (ROWS, CLASSES)
    assert own.keeping.kept.dtype == np.float32
    (exact,) = rows.reduce(curved, added, coefficients, direction)
    for each in (rows, kept):
        (rough,) = each.reduce(curved_roughly, added, coefficients, direction)
        np.testing.assert_allclose(rough, exact, rtol=1e-4, atol=1e-5 * np.abs(exact).max())
    if change is followed:
        return  # those that follow are few, and nothing is kept of them
    # What is kept is what is used: at other coefficients it would be wrong.
    np.testing.assert_array_equal(kept.reduce(curved_roughly, added, 0 * coefficients, direction)[0], rough)


def test_what_parts_found_is_put_together_in_their_order_and_left_as_it_is() -> None:
    found = [(np.array([1.0]), 1.0), None, (np.array([1e16]), 2.0), (np.array([-1e16]), 3.0)]
    np.testing.assert_equal(together(added, *found), (np.array([0.0]), 6.0))
    np.testing.assert_equal(found[0], (np.array([1.0]), 1.0))
    assert together(added, None, None) is None
    assert together(added, None, found[2]) is found[2]
