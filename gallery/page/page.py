"""The page: a tab for each task that has a model, made of what the task declares."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from gallery.page import html
from gallery.page.asking import Desk
from gallery.page.tab import Tab
from gallery.page.talk import Talk
from modules.common.asking.asking import asker_of
from modules.common.declaring.task import Task

Measure = Callable[[Task, str], str]
TITLE = "Lianxi"
STYLE = Path(__file__).with_name("style.css")
# What is around the tabs, which Gradio lets no style sheet of a page reach.
FRAME = """<style>
.gradio-container {
  max-width: 1500px !important; width: 100% !important; margin: 0 auto !important;
}
@media (max-width: 899px) {
  .gradio-container { padding: 4px !important; }
  .gradio-container > .main { padding: 4px 6px !important; }
}
</style>"""
# The typefaces of the system, Chinese ones among them; none is fetched.
_FONTS = (
    "system-ui", "Segoe UI", "Roboto", "Noto Sans", "Noto Sans CJK SC", "PingFang SC",
    "Microsoft YaHei", "WenQuanYi Micro Hei", "sans-serif",
)  # fmt: skip
_MONO = ("ui-monospace", "DejaVu Sans Mono", "Noto Sans Mono CJK SC", "monospace")


# How often files are looked through, and how old they may be, in seconds.
_KEPT_S = (3600, 24 * 3600)


@dataclass(frozen=True)
class ExtraTab:
    """A tab that is not of a task.

    Attributes:
        name: What it is called.
        build: Makes what is in it, inside Gradio's current block, which is this tab.
    """

    name: str
    build: Callable[[gr.Tab], None]


def say_nothing(task: Task, version: str) -> str:
    """Knows no metric of any version."""
    return ""


def build_page(
    desk: Desk,
    measured: Measure = say_nothing,
    extra: tuple[ExtraTab, ...] = (),
) -> gr.Blocks:
    """Builds the page.

    Args:
        desk: Where questions are taken in.
        measured: Says the main metric of a task's version in words, where it is known.
        extra: Tabs that are not of tasks, which come last.
    """
    with gr.Blocks(
        title=TITLE, analytics_enabled=False, fill_width=True, delete_cache=_KEPT_S
    ) as page:
        gr.HTML(_head(desk))
        with gr.Tabs(overflow_behavior="wrap", elem_classes="tasks"):
            for number, task in enumerate(desk.models.tasks):
                with gr.Tab(task.name, id=task.name) as tab:
                    heading = gr.HTML(_heading(desk, task))
                    asker = asker_of(task)
                    (Talk if task.serving.converses else Tab)(asker, desk)
                # The model is loaded, and its figures are read, for who looks: at the first one
                # everybody does.
                for event in (tab.select, *((page.load,) if number == 0 else ())):
                    event(
                        functools.partial(_look_at, desk, task, measured), None, [heading],
                        show_progress="hidden", api_visibility="private",
                    )  # fmt: skip
            for each in extra:
                with gr.Tab(each.name, id=each.name, elem_classes="extra") as tab:
                    each.build(tab)
        page.unload(_leave(desk))
    page.queue(default_concurrency_limit=None)
    return page


def make_theme() -> gr.themes.Base:
    """Makes the theme: calm, light and dark, of typefaces that are on the machine."""
    return gr.themes.Base(
        primary_hue=gr.themes.colors.blue,
        secondary_hue=gr.themes.colors.slate,
        neutral_hue=gr.themes.colors.slate,
        font=_FONTS,
        font_mono=_MONO,
        radius_size=gr.themes.sizes.radius_md,
        text_size=gr.themes.sizes.text_md,
    )


def _leave(desk: Desk) -> Callable[[gr.Request], None]:
    def leave(request: gr.Request) -> None:
        desk.calls.stop_all(str(request.session_hash))

    return leave


def _head(desk: Desk) -> str:
    many = len(desk.models.tasks)
    return (
        f'<header class="title"><h1>Lianxi <span lang="zh">练习</span></h1>'
        f'<p class="quiet">{many} model{"s"[: many != 1]} to try. What you give stays on this '
        f"machine.</p></header>"
    )


def _heading(desk: Desk, task: Task, measured: str = "") -> str:
    return html.heading(task, desk.models.describe(task.name), measured)


def _look_at(desk: Desk, task: Task, measured: Measure) -> str:
    desk.models.want(task.name)
    return _heading(desk, task, measured(task, desk.models.describe(task.name).version))
