"""The page, in a real browser on the real server, with a real stream."""

import hashlib
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect, sync_playwright

import app
from tests.app.conftest import Live
from tests.app.waiting import wait_for
from wire import jobs
from wire.connection import now_ms
from wire.jobs import Job, Mode, State

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PATIENCE_MS = 60_000
VENDOR = Path(app.__file__).parent / "static" / "vendor"

needs_chromium = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no {CHROMIUM}")


def test_the_vendored_player_is_the_one_that_its_note_names() -> None:
    note = (VENDOR / "README.md").read_text()
    script = (VENDOR / "hls.light.min.js").read_bytes()
    assert re.findall(r"`([0-9a-f]{64})`", note) == [hashlib.sha256(script).hexdigest()]
    assert "Apache License" in (VENDOR / "hls.js.LICENSE").read_text()


@pytest.fixture(scope="module")
def page(live: Live) -> Iterator[Page]:
    """The page in a window; whatever the browser complains of fails the module."""
    complaints: list[str] = []
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        page.goto(live.url)
        yield page
        browser.close()
    expected = re.compile(r"status of (404|409|415|422|503)")  # what the tests themselves provoke
    assert [line for line in complaints if not expected.search(line)] == []


@needs_chromium
def test_the_stream_plays_muted_and_close_to_live(page: Page) -> None:
    expect(page.locator("#screen")).to_have_attribute("data-state", "playing")
    video = page.locator("#video")
    before = float(video.evaluate("video => video.currentTime"))
    wait_for(
        lambda: float(video.evaluate("video => video.currentTime")) > before + 0.5, "half a second of it"
    )
    assert video.evaluate("video => video.muted")
    expect(page.locator("#lag")).to_have_text(re.compile(r"^[0-9]\.[0-9] s behind$"))


@needs_chromium
def test_one_button_unmutes(page: Page) -> None:
    page.get_by_role("button", name="Unmute").click()
    assert not page.locator("#video").evaluate("video => video.muted")
    page.get_by_role("button", name="Mute").click()
    assert page.locator("#video").evaluate("video => video.muted")


@needs_chromium
def test_a_chosen_sound_is_posted_and_listed_and_its_progress_shown(
    page: Page, live: Live, sound_folder: Path
) -> None:
    button = page.get_by_role("button", name="Put on air")
    expect(button).to_be_disabled()
    page.set_input_files("#file", sound_folder / "speech.mp3")
    button.click()
    expect(page.locator("#message")).to_have_text("Posted. It will be spoken in its turn.")
    line = page.locator("#jobs li", has_text="speech.mp3")
    expect(line.locator(".state")).to_have_text("Waiting")
    expect(button).to_be_disabled()
    [job] = [job for job in jobs.latest(live.broker, 9) if job.sound_name == "speech.mp3"]
    for state in (State.PREPARING, State.RENDERING):
        jobs.move(live.broker, job, state, 60, frames=50)
    jobs.move(live.broker, job, State.ON_AIR, 60, frames_aired=25)
    expect(line.locator(".state")).to_have_text("On air")
    expect(line.locator(".length")).to_have_text("1.0 s of 2.0 s")
    assert line.locator("progress").evaluate("bar => bar.value") == 0.5
    jobs.move(live.broker, job, State.FAILED, 60, error="the sound broke off")
    expect(line.locator(".why")).to_have_text("The sound broke off.")


@needs_chromium
def test_a_job_is_stopped_by_its_button_which_goes_with_it(
    page: Page, live: Live, sound_folder: Path
) -> None:
    page.set_input_files("#file", sound_folder / "speech.flac")
    page.get_by_role("button", name="Put on air").click()
    stop = page.get_by_role("button", name="Stop speech.flac")
    stop.focus()
    page.keyboard.press("Enter")
    line = page.locator("#jobs li", has_text="speech.flac")
    expect(line.locator(".state")).to_have_text("Stopped")
    expect(stop).to_be_hidden()
    expect(page.locator("#news")).to_have_text("speech.flac: Stopped")
    [job] = [job for job in jobs.latest(live.broker, 9) if job.sound_name == "speech.flac"]
    assert job.state is State.CANCELLED


@needs_chromium
def test_a_turn_is_chosen_posted_and_shown_while_the_job_waits(
    page: Page, live: Live, sound_folder: Path
) -> None:
    page.get_by_label("When").select_option("next")
    page.get_by_text("More settings").click()
    page.get_by_label("Priority").fill("7")
    page.get_by_label("Expires in").fill("90.5")
    page.set_input_files("#file", sound_folder / "opus.ogg")
    page.get_by_role("button", name="Put on air").click()
    expect(page.locator("#message")).to_have_text("Posted. It will be spoken next.")
    line = page.locator("#jobs li", has_text="opus.ogg")
    expect(line.locator(".turn")).to_have_text(re.compile("^Goes next · Priority 7 · Expires at .*[0-9]"))
    [job] = [job for job in jobs.latest(live.broker, 9) if job.sound_name == "opus.ogg"]
    assert (job.mode, job.priority, job.expires_ms - job.posted_ms) == (Mode.NEXT, 7, 90_500)
    jobs.move(live.broker, job, State.EXPIRED, 60, error="it was not on air in time")
    expect(line.locator(".state")).to_have_text("Expired")
    expect(line.locator(".turn")).to_be_hidden()
    expect(page.get_by_label("When")).to_have_value("append")


@needs_chromium
def test_a_job_that_cannot_be_stopped_any_more_says_why(page: Page, live: Live) -> None:
    job = Job("e" * 32, "main", State.QUEUED, now_ms(live.broker), sound_name="late.wav")
    assert jobs.admit(live.broker, job, 9)
    stop = page.get_by_role("button", name="Stop late.wav")
    expect(stop).to_be_visible()
    page.route(f"**/jobs/{job.id}", lambda route: end(route, live, job))
    stop.click()
    why = page.locator("#jobs li", has_text="late.wav").locator(".why")
    expect(why).to_have_text("The job has failed: there is nothing left to stop. It broke off.")
    expect(stop).to_be_hidden()


def end(route: Route, live: Live, job: Job) -> None:
    """Let the job fail just before it is asked to stop."""
    jobs.move(live.broker, job, State.FAILED, 60, error="it broke off")
    route.continue_()


@needs_chromium
def test_a_dropped_file_that_is_no_sound_is_refused_in_words(page: Page) -> None:
    page.evaluate(
        """() => {
            const files = new DataTransfer();
            files.items.add(new File(["no sound"], "letter.wav"));
            window.dispatchEvent(new DragEvent("drop", { dataTransfer: files, cancelable: true }));
        }"""
    )
    page.get_by_role("button", name="Put on air").click()
    expect(page.locator("#message")).to_contain_text("no sound file of the kinds served")
    expect(page.locator("#message")).to_have_class(re.compile("wrong"))


@needs_chromium
def test_what_is_missing_is_named_until_it_is_back(page: Page, live: Live) -> None:
    expect(page.locator("#ready-words")).to_have_text("Ready")
    live.hearts.stop("render")
    expect(page.locator("#ready-words")).to_have_text("Missing: render worker")
    expect(page.locator("#ready-parts li[data-state=missing]")).to_have_text("Render workermissing")
    live.hearts.begin("render")
    expect(page.locator("#ready-words")).to_have_text("Ready")


@needs_chromium
def test_a_stream_that_stops_is_told_of_and_played_again_when_it_is_back(page: Page, live: Live) -> None:
    screen = page.locator("#screen")
    live.stream.send_signal(signal.SIGSTOP)
    expect(screen).to_have_attribute("data-state", "waiting")
    expect(page.locator("#veil")).to_have_text("The stream stopped. Trying again …")
    live.stream.send_signal(signal.SIGCONT)
    expect(screen).to_have_attribute("data-state", "playing")


@needs_chromium
def test_nothing_overflows_a_telephone(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.set_viewport_size({"width": 1280, "height": 800})
