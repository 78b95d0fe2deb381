"""The pushed versions on the page: which is served, of which run each is, and what it reached."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import gradio as gr

from gallery.page import html
from gallery.page.history import link_report
from modules.common.declaring.registry import load_task, task_names
from modules.common.runtime.errors import LianxiError
from pipelines.commands.runs_view import word_date, word_metrics
from pipelines.environment import Environment
from pipelines.versions import Version, list_versions

_BYTES_PER_MB = 1e6


class Versions:
    """What is in the tab of pushed models."""

    def __init__(self, env: Environment) -> None:
        """Takes the environment whose models are shown."""
        self._env = env

    def build(self, tab: gr.Tab) -> None:
        """Makes the parts, inside Gradio's current block, and what they do.

        Args:
            tab: That block: versions are looked for when it is opened.
        """
        options = f"{self._env.options}"
        gr.HTML(
            '<div class="heading"><h2>Models</h2><p class="quiet">Another version is served, or '
            f"gets a label, by <code>lianxi models{escape(options)}</code>.</p></div>"
        )
        table = gr.HTML(label="Models")
        look = gr.Button("Look again", size="sm", elem_classes="again")
        told: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        for event in (tab.select, look.click):
            event(self._list, None, [table], **told)

    def _list(self) -> str:
        try:
            found = [
                version
                for name in task_names()
                if self._env.holds(name)
                for version in list_versions(self._env, load_task(name))
            ]
        except LianxiError as error:
            return html.alert(str(error))
        return list_as_table(found)


def list_as_table(found: Sequence[Version]) -> str:
    """Shows versions as a table.

    Args:
        found: In the order in which they are shown.
    """
    if not found:
        return html.note("No model was pushed here yet.")
    rows = [
        [
            escape(each.task),
            str(each.number),
            escape(word_date(each.pushed_s)),
            escape(_word_served(each)),
            link_report(each.run) if each.run else "not known",
            escape(", ".join(word_metrics(each.run)) if each.run else ""),
            f"{each.size_bytes / _BYTES_PER_MB:,.1f} MB",
        ]
        for each in found
    ]
    head = ["model", "version", "pushed", "served", "of run", "metrics", "size"]
    return html.table("Pushed versions, the newest of each model first", head, rows)


def _word_served(version: Version) -> str:
    said = []
    if version.is_served:
        said.append("served, pinned" if version.is_pinned else "served")
    elif version.is_loaded:
        said.append("by its number or label")
    said += [f"label {label}" for label in version.labels]
    return ", ".join(said) or "no"
