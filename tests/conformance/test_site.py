"""Pages lead where they say, their site builds, and what they repeat is said alike."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import markdown
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob(".github/*.md")))
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^(```|~~~).*?^\1", re.DOTALL | re.MULTILINE)
_OUTSIDE = re.compile(
    r"<(?:script|img|iframe|source)[^>]*\ssrc=\"https?:|<link[^>]*\shref=\"https?:"
)
_NUMBER = re.compile(r"\d+\.\d+|\d+,\d{3}|\d+(?= %)")


def places(page: Path) -> set[str]:
    """Gives the anchors of a page's headings."""
    converter = markdown.Markdown(extensions=["toc", "fenced_code"])
    return set(re.findall(r'id="([^"]+)"', converter.convert(page.read_text(encoding="utf-8"))))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    lost = []
    for link in _LINK.findall(_FENCED.sub("", page.read_text(encoding="utf-8"))):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, place = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (place and place not in places(target)):
            lost.append(link)
    assert not lost


def test_the_site_builds_and_asks_nothing_of_other_hosts(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    built = sorted(tmp_path.rglob("*.html"))
    names = {path.relative_to(tmp_path).stem for path in built}
    assert {"index", "zh-CN", "contributing", "name_gender", "serving", "gallery"} <= names
    asking = [path for path in built if _OUTSIDE.search(path.read_text(encoding="utf-8"))]
    assert not asking
    # Where a link leads to a file that is no page, its words are left.
    assert "kubeflow/Dockerfile" in (tmp_path / "installing.html").read_text(encoding="utf-8")


def results() -> dict[str, str]:
    """Gives the rows of the README's table of results, by task, without what others published."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.split("## Results")[1].split("\n## ")[0]
    rows = [row.strip("|").split("|") for row in section.splitlines() if row.startswith("| `")]
    return {row[0].strip(" `"): "|".join(row[1:4]) for row in rows}


def test_results_are_those_of_the_tasks_pages() -> None:
    rows = results()
    assert len(rows) >= 14
    for name, row in rows.items():
        page = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
        said = [number for number in _NUMBER.findall(row) if number not in page]
        assert _NUMBER.findall(row) and not said, f"docs/{name}.md does not say {said}"


def test_both_readmes_show_the_same_commands() -> None:
    shown = [
        set(re.findall(r"^\.venv/bin/lianxi (\w+)", path.read_text(encoding="utf-8"), re.M))
        for path in (ROOT / "README.md", ROOT / "README.zh-CN.md")
    ]
    assert shown[1] <= shown[0] | {"compile", "tfx"}
    assert {"run", "predict", "gallery", "runs", "models", "serve", "new"} <= shown[1]


def test_what_runs_elsewhere_runs_what_is_here() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    commands = [
        step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step
    ]
    assert commands == [".ci/run", "make docs"]
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    for hook in hooks:
        program = shlex.split(hook["entry"])[0]
        assert (Path(sys.executable).parent / Path(program).name).exists()
    for form in (ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"):
        content = yaml.safe_load(form.read_text())
        assert form.name == "config.yml" or content["name"] and content["description"]
