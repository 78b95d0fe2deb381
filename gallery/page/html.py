"""Pieces of HTML for the page, every text escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from gallery.page.served import ModelFacts
from modules.common.declaring.task import Task
from pipelines.pushed import SMOKE_NOTE

_FEW_COLUMNS = 5


def heading(task: Task, facts: ModelFacts, measured: str = "") -> str:
    """Says whose tab it is and which model answers.

    Args:
        task: The declaration.
        facts: Of the model.
        measured: Its main metric in words, where it is known.
    """
    said = [f"version {facts.version}"] if facts.version else []
    said += [f"pushed {facts.date}"] if facts.date else []
    said += [measured] if measured else []
    said += [f"answers at {facts.server}"] if facts.server else []
    badge = ""
    if facts.is_smoke:
        note = escape(f"{SMOKE_NOTE[:1].upper()}{SMOKE_NOTE[1:]}.")
        badge = f'<span class="badge" title="{note}">smoke model</span>'
        said.append("a tiny model, trained to see that everything works")
    return (
        f'<div class="heading"><h2>{escape(task.title)} {badge}</h2>'
        f'<p class="quiet"><code>{escape(task.name)}</code> · {escape(" · ".join(said))}</p></div>'
    )


def status(words: str, share: float | None = None) -> str:
    """Says how far a question is.

    Args:
        words: What is said.
        share: How much of it is done, 0 to 1; `None` where that is not known.
    """
    value = "" if share is None else f' value="{min(max(share, 0), 1):.3f}"'
    bar = f'<progress max="1"{value} aria-label="Progress"></progress>'
    return f'<div class="status" role="status">{bar}<span>{escape(words)}</span></div>'


def note(words: str) -> str:
    """Says something that is no error."""
    return f'<div class="status" role="status"><span>{escape(words)}</span></div>'


def alert(words: str) -> str:
    """Says what went wrong."""
    words = words[:1].upper() + words[1:]
    return f'<div class="alert" role="alert">{escape(words)}</div>'


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """Lists what things are; the first is the answer itself.

    Args:
        rows: Name, and value as HTML.
    """
    items = [f"<div><dt>{escape(name)}</dt><dd>{value}</dd></div>" for name, value in rows]
    return f'<dl class="facts">{"".join(items)}</dl>' if items else ""


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Makes a table that scrolls by itself where it is wide.

    Args:
        caption: What it holds; for who hears it, too.
        head: Names of the columns.
        rows: Cells as HTML.
    """
    columns = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    lines = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    kind = "table wide" if len(head) > _FEW_COLUMNS else "table"
    return (
        f'<div class="{kind}" role="region" aria-label="{escape(caption)}" tabindex="0"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{columns}</tr></thead>"
        f"<tbody>{lines}</tbody></table></div>"
    )


def figures(caption: str, pictures: Sequence[tuple[str, str]]) -> str:
    """Lays pictures out in rows, small ones enlarged without blur; each can be saved.

    Args:
        caption: What they are.
        pictures: What each is, and its address.
    """
    shown = []
    for name, address in pictures:
        words = escape(f"{caption}, {name}")
        shown.append(
            f'<figure><a href="{address}" download title="Save {words}">'
            f'<img src="{address}" alt="{words}"></a>'
            f"<figcaption>{escape(name)}</figcaption></figure>"
        )
    head = f"<h3>{escape(caption)}</h3>"
    group = f'<div class="figures" role="group" aria-label="{escape(caption)}">'
    return f"{group}{head}{''.join(shown)}</div>"


def compare(caption: str, before: str, after: str) -> str:
    """Lays a picture over another one, with a slider between them.

    Args:
        caption: What they are.
        before: Address of the one below.
        after: Address of the one above, as large.
    """
    words = escape(caption)
    slide = "this.closest('.compare').style.setProperty('--at', this.value + '%')"
    return (
        f'<figure class="compare" style="--at:50%"><figcaption>{words}</figcaption>'
        f'<div class="pair"><img src="{before}" alt="{words}, before">'
        f'<img class="after" src="{after}" alt="{words}, after"></div>'
        f'<label>before <input type="range" min="0" max="100" value="50" oninput="{slide}" '
        f'aria-label="{words}: how much of the one before is seen, in percent"> after</label>'
        f'<a href="{after}" download>Save</a></figure>'
    )


def characters(text: str, shares: Sequence[float]) -> str:
    """Sets each character of a text with how sure it is.

    Args:
        text: The text.
        shares: A probability for each character.
    """
    cells = "".join(
        f'<span class="char" style="--share:{share:.2f}" title="{escape(character)}: {share:.0%}">'
        f"<b>{escape(character)}</b><small>{share:.0%}</small></span>"
        for character, share in zip(text, shares, strict=False)
    )
    return f'<span class="chars">{cells}</span>'
