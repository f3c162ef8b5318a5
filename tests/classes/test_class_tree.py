"""The tree of classes against one joined by hand, and against SciPy."""

import numpy as np
import pandas as pd
import pytest
from scipy.cluster.hierarchy import cophenet, linkage

import genreglm as gg
from genreglm.errors import DataError, OptionError

POINTS = {"d": 10.0, "a": 0.0, "b": 1.0, "c": 4.0}


def distances(points: dict[str, float]) -> pd.DataFrame:
    names = list(points)
    pairs = [(a, b, abs(points[a] - points[b])) for i, a in enumerate(names) for b in names[i + 1 :]]
    return pd.DataFrame(pairs, columns=["class_1", "class_2", "distance"])


@pytest.mark.parametrize(
    ("method", "heights"), [("average", [1, 3.5, 25 / 3]), ("complete", [1, 4, 10]), ("single", [1, 3, 6])]
)
def test_by_hand(method: str, heights: list[float]) -> None:
    tree = gg.class_tree(distances(POINTS), method)  # type: ignore[arg-type]
    nodes = tree.nodes
    assert nodes.columns.tolist() == ["node", "class", "left", "right", "height", "size", "place"]
    assert nodes["node"].tolist() == list(range(7))
    assert nodes["class"][:4].tolist() == ["a", "b", "c", "d"]
    assert nodes["class"][4:].isna().all()
    np.testing.assert_allclose(nodes["height"], [0, 0, 0, 0, *heights])
    assert nodes["size"].tolist() == [1, 1, 1, 1, 2, 3, 4]
    joined = [set(pair) for pair in nodes.loc[4:, ["left", "right"]].to_numpy().tolist()]
    assert joined == [{0, 1}, {2, 4}, {3, 5}]
    assert nodes["place"][:4].tolist() in ([0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 2, 3], [2, 3, 1, 0])
    for node in nodes.loc[4:].itertuples():
        assert node.place == nodes.loc[[node.left, node.right], "place"].mean()


def test_the_order_of_the_table_does_not_matter() -> None:
    mixed = distances(POINTS).sample(frac=1.0, random_state=2)
    swapped = mixed.rename(columns={"class_1": "class_2", "class_2": "class_1"})
    expected = gg.class_tree(distances(POINTS))
    for table in (mixed, swapped):
        tree = gg.class_tree(table)
        pd.testing.assert_frame_equal(tree.nodes, expected.nodes)
        assert tree.cophenetic == expected.cophenetic


def test_of_a_result_is_that_of_its_divergences(result: gg.Result) -> None:
    tree, table = gg.class_tree(result), gg.class_distances(result)
    merges = linkage(table["distance"], "average")
    np.testing.assert_allclose(tree.nodes["height"][5:], merges[:, 2])
    assert tree.cophenetic == pytest.approx(cophenet(merges, table["distance"])[0])
    assert sorted(tree.nodes["place"][:5]) == [0, 1, 2, 3, 4]


def test_two_classes_and_equal_distances_have_no_cophenetic_correlation() -> None:
    tree = gg.class_tree(distances({"a": 0.0, "b": 2.0}))
    assert tree.nodes["height"].tolist() == [0, 0, 2]
    assert np.isnan(tree.cophenetic)
    assert np.isnan(gg.class_tree(distances(POINTS).assign(distance=1.0)).cophenetic)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda t: t.drop(columns="class_2"), "lacks class_2"),
        (lambda t: t.iloc[1:], "each pair"),
        (lambda t: pd.concat([t, t.head(1)]), "each pair"),
        (lambda t: t.head(0), "each pair"),
        (lambda t: t.assign(distance=np.nan), "finite"),
        (lambda t: t.assign(distance=-1.0), "that of d and a is -1.0"),
    ],
)
def test_a_table_that_is_no_set_of_distances_is_refused(spoil, says: str) -> None:
    with pytest.raises(DataError, match=says):
        gg.class_tree(spoil(distances(POINTS)))


def test_refusals(loaded: gg.Result) -> None:
    with pytest.raises(OptionError, match="'average'"):
        gg.class_tree(distances(POINTS), "ward")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="rows="):
        gg.class_tree(loaded)
