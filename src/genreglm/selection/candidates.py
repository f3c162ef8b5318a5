"""Candidates: penalties with names, the simplest model first."""

from collections.abc import Mapping, Sequence

from genreglm.engine.penalties import Penalty, Ridge, Shrinkage, require_penalty
from genreglm.errors import OptionError

Penalties = Sequence[Penalty | None] | Mapping[str, Penalty | None]


def named_penalties(penalty: Penalty | None, penalties: Penalties | None) -> dict[str, Penalty | None]:
    """Return the candidates by name: ridges alone, or lassos of one kind alone, from the strongest to the weakest,
    others in the order given.

    Raises
    ------
    OptionError
        Where both are given, or none of several; and for what is no penalty.
    """
    require_penalty(penalty)
    if penalties is None:
        return {_name(penalty): penalty}
    if penalty is not None or not len(penalties):
        raise OptionError("Give penalty=, or penalties= with one candidate or more; not both.")
    given = dict(penalties) if isinstance(penalties, Mapping) else _by_name(penalties)
    for item in given.values():
        require_penalty(item)
    strengths = {name: item.strength for name, item in given.items() if isinstance(item, Shrinkage)}
    kinds = {Ridge if isinstance(item, Ridge) else type(item) for item in given.values()}
    if len(strengths) < len(given) or len(kinds) > 1:
        return given
    return {name: given[name] for name in sorted(strengths, key=lambda name: -strengths[name])}


def _by_name(penalties: Sequence[Penalty | None]) -> dict[str, Penalty | None]:
    found = {_name(item): item for item in penalties}
    if len(found) < len(penalties):
        found = {repr(item): item for item in penalties}
    if len(found) < len(penalties):
        raise OptionError("penalties= holds the same candidate twice.")
    return found


def _name(penalty: Penalty | None) -> str:
    if isinstance(penalty, Ridge):
        return f"Ridge({penalty.strength:g})"
    return "none" if penalty is None else repr(penalty)
