"""The page as it is served: headers, what is refused, and questions without a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file
from made_up_task import INPUTS, NAME, MadeUpModels, make_answer, make_task, png

from gallery.page import offline
from gallery.page.asking import Desk
from gallery.page.host import make_app, running_page
from gallery.page.page import _look_at, build_page
from gallery.page.served import ModelFacts
from modules.common.asking.asking import Asker, Asking
from modules.common.runtime.errors import DataError


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Refuses a line that says so, as a model does."""
    if request.get("line") == ["refuse"]:
        raise DataError("line: the model knows no such line")
    if request.get("line") == ["break"]:
        raise RuntimeError("a secret of the page")
    return make_answer()


@pytest.fixture(scope="module")
def models() -> MadeUpModels:
    """One model, of a line, a photo and an option."""
    inputs = (INPUTS[0], INPUTS[1], INPUTS[7])
    example = {"line": ["hello"], "photo": [png()]}
    task = make_task(inputs=inputs, example=example, outputs=make_task().serving.outputs[:5])
    return MadeUpModels([task], answer, ModelFacts(version="7", is_smoke=True))


@pytest.fixture(scope="module")
def url(models: MadeUpModels) -> Iterator[str]:
    """The page's address."""
    with pytest.MonkeyPatch.context() as patch:
        # There is no folder of the task in which to look for how it is asked.
        patch.setattr("gallery.page.page.asker_of", lambda task: Asker(task, Asking()))
        page = build_page(Desk(models), lambda task, version: f"accuracy 0.9 of {version}")
    app = make_app(page)
    with running_page(app, "127.0.0.1", 0) as address:
        yield address


@pytest.fixture(scope="module")
def client(url: str) -> Client:
    """A client of Gradio's own, as a browser is one."""
    return Client(url, verbose=False, analytics_enabled=False)


def ask(client: Client, *values: Any) -> str:
    """Asks, and gives what the status says at the end."""
    answers = client.predict(*values, api_name=f"/{NAME}")
    return str(answers[0]["value"] if isinstance(answers[0], dict) else answers[0])


def photo(path: Path, contents: bytes = b"") -> Any:
    path.write_bytes(contents or png())
    return handle_file(str(path))


def test_nothing_of_the_page_is_elsewhere(url: str) -> None:
    response = httpx.get(url)
    assert response.status_code == 200
    tags = re.findall(r"<(?:script|link|img|iframe|meta)\b[^>]*>", response.text)
    assert not [tag for tag in tags if re.search(r"https?:|//fonts|preconnect", tag)]
    assert "iframeResizer" not in response.text and "twitter:" not in response.text
    assert '<html\n\tlang="en"' in response.text


def test_a_browser_may_ask_nobody_else(url: str) -> None:
    for path in ("", "config", "theme.css"):
        policy = httpx.get(url + path).headers["content-security-policy"]
        assert "default-src 'self'" in policy and "http" not in policy and "*" not in policy


def test_another_name_for_this_machine_is_refused(url: str) -> None:
    assert httpx.get(url, headers={"host": "evil.example:7860"}).status_code == 400
    assert httpx.get(url, headers={"host": "localhost"}).status_code == 200


def test_too_much_is_refused_at_once(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offline, "MAX_UPLOAD_MB", 1)
    files = {"files": ("a.png", bytes(2 << 20))}
    response = httpx.post(url + "gradio_api/upload", files=files)
    assert response.status_code == 413 and "more than 1 MB" in response.text


def test_files_of_the_machine_are_not_served(url: str) -> None:
    for path in ("/etc/passwd", __file__, str(Path(__file__).parent)):
        assert httpx.get(f"{url}gradio_api/file={path}").status_code in (403, 404)


def test_no_telemetry_and_no_history(url: str) -> None:
    config = httpx.get(url + "config").json()
    assert config["analytics_enabled"] is False
    assert httpx.get(url + "gradio_api/runs").status_code == 404


def test_which_model_answers_is_said(url: str, models: MadeUpModels) -> None:
    text = httpx.get(url + "config").text
    assert "version 7" in text and "smoke model" in text
    # What it measured is read for who looks at its tab.
    seen = _look_at(
        Desk(models), models.tasks[0], lambda task, version: f"accuracy 0.9 of {version}"
    )
    assert "version 7" in seen and "accuracy 0.9 of 7" in seen


def test_a_question(client: Client, models: MadeUpModels, tmp_path: Path) -> None:
    assert "Answered." in ask(client, "hi", photo(tmp_path / "a.png"), 5)
    [line], [image], [many] = models.asked[-1].values()
    assert (line, many) == ("hi", 5) and image == png()


def test_what_is_missing_is_said_on_the_page(client: Client) -> None:
    assert "Photo: give a picture first" in ask(client, "hi", None, 3)


@pytest.mark.parametrize("contents", [b"no picture", png()[:40], b"GIF89a"])
def test_a_bad_upload_is_refused_by_its_name(
    client: Client, tmp_path: Path, contents: bytes
) -> None:
    said = ask(client, "hi", photo(tmp_path / "bad.png", contents), 3)
    assert 'role="alert"' in said and "bad.png" in said.lower()
    assert "Traceback" not in said and str(tmp_path) not in said


def test_the_models_refusal_is_shown_as_it_is(client: Client, tmp_path: Path) -> None:
    said = ask(client, "refuse", photo(tmp_path / "a.png"), 3)
    assert "Line: the model knows no such line" in said


def test_what_is_out_of_bounds_is_refused(client: Client, tmp_path: Path) -> None:
    assert "Many: expected 1 or more, found 0" in ask(client, "hi", photo(tmp_path / "a.png"), 0)


def test_a_mistake_of_the_page_does_not_take_it_down(client: Client, tmp_path: Path) -> None:
    said = ask(client, "break", photo(tmp_path / "a.png"), 3)
    assert "secret" not in said and "its log says what" in said
    assert "Answered." in ask(client, "hi", photo(tmp_path / "a.png"), 3)
