"""How results show themselves in a notebook: words and tables as HTML, everything escaped, long tables shortened."""

from dataclasses import dataclass
from html import escape

import pandas as pd

_ROWS = 12  # of a table that are shown; half from its beginning, half from its end


class Shown:
    """A result whose `_shown` returns a line about it and its tables by name."""

    def _shown(self) -> tuple[str, dict[str, pd.DataFrame]]:
        raise NotImplementedError

    def _repr_html_(self) -> str:
        line, tables = self._shown()
        drawn = (
            f"<p><b>{escape(name)}</b></p>{table.to_html(max_rows=_ROWS, float_format='{:.4g}'.format, border=0)}"
            for name, table in tables.items()
        )
        return f"<div><p>{escape(line)}</p>{''.join(drawn)}</div>"


@dataclass(frozen=True)
class Picture:
    """A finished figure: a PNG, and in words what it shows."""

    png: bytes
    caption: str

    def __repr__(self) -> str:
        return f"Picture({self.caption!r})"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        return {"image/png": self.png, "text/plain": self.caption}
