"""The table of faults says what viewers saw at worst, and keeps what was not measured anew."""

from pathlib import Path

import pytest

from tests.faults.ledger import Entry, Ledger, row, spread


def test_row_says_what_viewers_saw_at_worst() -> None:
    entry = Entry([0.0, 0.4], [0, 25], figures={"s to recover": [1.0, 2.0]})
    assert row("a fault", entry) == (
        "| a fault | speech pauses for up to 0.40 s, body and timestamps go on; "
        "the clip's own mouth for 1.00 s, with the true sound | s to recover | 1.00, 2.00 |"
    )
    assert row("none", Entry([0.0] * 3)) == (
        "| none | nothing | missing, twice, out of order | none in 3 runs |"
    )


def test_row_says_for_how_long_there_was_no_picture_and_what_was_missing() -> None:
    entry = Entry(gaps_s=[1.1, 1.5], missing_frames=[25, 20])
    entry.keep("s without a picture", 1.5, promised=2)
    assert row("a gap", entry) == (
        "| a gap | no picture for up to 1.50 s; 1.00 s of speech are missing "
        "| s without a picture (promised: 2) | 1.50 |"
    )


def test_promise_that_is_not_kept_fails_though_a_busy_machine_is_granted_three_times_of_it() -> None:
    entry = Entry()
    entry.keep("s to recover", 2.9, promised=1)
    with pytest.raises(AssertionError, match=r"s to recover: 3\.10"):
        entry.keep("s to recover", 3.1, promised=1)


def test_many_figures_are_told_by_their_spread() -> None:
    assert spread([float(n) for n in range(1, 22)]) == "median 11.00, p95 20.00, worst 21.00 of 21"


def test_rows_of_faults_that_were_not_made_stay(tmp_path: Path) -> None:
    path = tmp_path / "faults.md"
    for name, frames in (("first", 25), ("second", 0), ("first", 0)):
        ledger = Ledger()
        ledger.entry(name).own_mouth_frames.append(frames)
        ledger.write(path)
    rows = [line.split(" | ")[:2] for line in path.read_text().splitlines() if line.startswith("| ")]
    assert rows[1:] == [["| first", "nothing"], ["| second", "nothing"]]
