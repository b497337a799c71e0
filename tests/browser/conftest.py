"""A browser without a network, that keeps what it complains about; skipped where there is no Chromium."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
# CI runs as root in a container, where Chromium's own sandbox and its shared memory are not to be had.
FLAGS = ("--no-sandbox", "--disable-dev-shm-usage")
SIZE = {"width": 1360, "height": 1000}


class Visit:
    """A page opened from the disk.

    Attributes
    ----------
    page : playwright Page
    complaints : list of str
        Errors and warnings of the console, uncaught errors, and policy violations.
    requests : list of str
        Addresses of everything that was asked for.
    """

    def __init__(self, page: Any) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        page.on("request", lambda request: self.requests.append(request.url))

    def state(self) -> dict:
        """What the explorer shows."""
        return self.page.evaluate("isc.state()")

    def settle(self) -> None:
        """Wait until what was asked for is drawn."""
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


# One browser a module: while it runs, the thread has an event loop, which a notebook's client would not bear.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next((found for found in map(shutil.which, NAMES) if found), None)
    if path is None:
        pytest.skip(f"no browser found (looked for {', '.join(NAMES)}): apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[[Path], Visit]]:
    """Function that opens a file of the disk, with the network off."""
    context = browser.new_context(viewport=SIZE, offline=True, accept_downloads=True)

    def open_file(path: Path) -> Visit:
        visit = Visit(context.new_page())
        visit.page.goto(path.as_uri())
        return visit

    yield open_file
    context.close()


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder for pictures of the pages: ISC_ARTEFACTS, which CI keeps, or a temporary one; never the repository."""
    folder = Path(os.environ.get("ISC_ARTEFACTS") or tmp_path_factory.mktemp("screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
