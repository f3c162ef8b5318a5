"""What a fitted model says of the classes: how far apart they are, a map of them, and their typical rows."""

from genreglm.classes.biplot import ClassMap, class_map
from genreglm.classes.distances import class_distances
from genreglm.classes.tree import ClassTree, class_tree
from genreglm.classes.typical import typical_rows

__all__ = ["ClassMap", "ClassTree", "class_distances", "class_map", "class_tree", "typical_rows"]
