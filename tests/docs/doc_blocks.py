"""The code blocks of a Markdown page, in order, each with what the page says about it.

```python                     is executed; one page's blocks share a namespace
```console                    its lines `$ genreglm ...` are executed
```text                       right after a python block: what that block prints
<!-- file: NAME -->           before a block: the block is the content of that file
<!-- not run: WHY -->         before a block: the block is shown only
"""

import re
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(\w*)\s*$")
_REMARK = re.compile(r"^<!-- (file|not run): (.+) -->$")


@dataclass(frozen=True)
class Block:
    """A fenced block: where it begins (1-based line of its first line of code), and what is asked of it."""

    language: str
    text: str
    line: int
    file: str | None = None
    run: bool = True
    prints: str | None = None


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page; a text block after a python block becomes what that one prints."""
    found: list[Block] = []
    lines = page.read_text(encoding="utf-8").splitlines()
    remark: dict[str, str] = {}
    adjacent = False
    at = 0
    while at < len(lines):
        fence, said = _FENCE.match(lines[at]), _REMARK.match(lines[at])
        if fence is None:
            remark = {said[1]: said[2]} if said else remark if not lines[at].strip() else {}
            adjacent = adjacent and not lines[at].strip()
            at += 1
            continue
        end = lines.index("```", at + 1)
        text = "\n".join(lines[at + 1 : end]) + "\n"
        if fence[1] == "text" and adjacent and found[-1].language == "python":
            last = found.pop()
            found.append(Block(last.language, last.text, last.line, last.file, last.run, text))
        else:
            found.append(Block(fence[1], text, at + 2, remark.get("file"), "not run" not in remark))
        adjacent, remark, at = True, {}, end + 1
    return found


def commands(text: str) -> list[tuple[str, str]]:
    """Return each command of a console block, without its `$`, and the lines shown after it."""
    found: list[tuple[str, str]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line.removeprefix("$ "), ""))
        elif found:
            found[-1] = (found[-1][0], found[-1][1] + line + "\n")
    return found


def links(page: Path) -> list[str]:
    """Return the targets of a page's links and pictures, without those in code."""
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.findall(r"\]\(([^)\s]+)\)", prose)


def anchors(page: Path) -> set[str]:
    """Return the names by which a link may point into a page: its headings as GitHub spells them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def table_rows(page: Path) -> list[list[str]]:
    """Return the cells of every line of every table of a page, in order."""
    lines = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def quoted(cell: str) -> list[str]:
    """Return what stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)
