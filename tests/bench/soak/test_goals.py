"""A soak's goals are met by a stream without a loss, and each is missed by what it is about."""

from dataclasses import replace

import pytest

from bench.soak.counting import Count, Loss, Trouble
from bench.soak.goals import Found, fairness, goals
from bench.soak.jobs import Verdict
from bench.soak.lives import Life, Sample
from wire.media import FPS

HOUR_S = 3600.0
AAC_S = 1024 / 48000
CUT = Trouble("encoder killed", 1000.0, 1001.0, cuts=True)
HARMLESS = Trouble("broker killed", 2000.0, 2001.0)


def count(step_s: float, lacking: int = 0) -> Count:
    """Return the count of an hour's packets, of which some lack."""
    packets = round(HOUR_S / step_s)
    return Count(step_s, packets - lacking, 10.0, 10.0 + (packets - 1) * step_s)


def lived(mb: float = 60.0, threads: int = 9) -> Life:
    return Life("streamer", [Sample(i * 5.0, 60 + (mb - 60) * i / 600, 20, 9, 2) for i in range(600)] + [
        Sample(3000 + i * 5.0, mb, 20, threads, 2) for i in range(200)
    ])  # fmt: skip


GOOD = Found(
    pictures=count(1 / FPS),
    sound=count(AAC_S),
    behind_s=0.1,
    losses=[],
    troubles=[CUT, HARMLESS],
    counters={"frames_dropped": 0},
    posted=3,
    ends={"done": 2, "cancelled": 1},
    refused={},
    verdicts=[Verdict("a", 10.0, 20.0, 0.001, ()), Verdict("b", 30.0, 40.0, -0.001, ())],
    lives=[lived()],
    died=[],
)


def missed(found: Found) -> list[str]:
    return [goal.text.split(",")[0] for goal in goals(found) if not goal.is_met]


def test_a_stream_without_a_loss_meets_every_goal() -> None:
    assert missed(GOOD) == []
    assert GOOD.ticks == HOUR_S * FPS


def lacking(pictures: int, at_s: float) -> Found:
    return replace(GOOD, pictures=count(1 / FPS, pictures), losses=[Loss(at_s, "pictures", pictures / FPS)])


def heard(offset_s: float, *faults: str) -> Found:
    return replace(GOOD, verdicts=[Verdict("a", 1.0, 2.0, offset_s, faults)])


def test_what_the_host_took_may_cost_pictures_and_no_more_than_these() -> None:
    stolen = [Trouble("the host", 500.0, 501.0, cuts=True, after_s=3.0)]
    assert missed(replace(lacking(3, 502.0), stolen=stolen)) == []
    assert missed(replace(lacking(3, 505.0), stolen=stolen)) == missed(lacking(3, 505.0)) != []
    assert missed(replace(GOOD, stolen=stolen, died=["api"])) == ["no process ended by itself"]


def test_a_soak_on_a_machine_that_is_taken_all_the_time_tells_little() -> None:
    always = [Trouble("the host", at_s, at_s + 5.0, cuts=True) for at_s in range(100, 3600, 50)]
    assert fairness(replace(GOOD, stolen=always)).is_met is False
    assert fairness(replace(GOOD, stolen=always[::3])).is_met


def dropped(at_s: float) -> Found:
    return replace(GOOD, losses=[Loss(at_s, "frames_dropped", 3)])


@pytest.mark.parametrize(
    ("found", "goal"),
    [
        (lacking(1, at_s=500.0), "each tick's frame came"),
        (lacking(1, at_s=2001.0), "each tick's frame came"),
        (replace(GOOD, pictures=count(1 / FPS, 1)), "each tick's frame came"),
        (replace(GOOD, sound=count(AAC_S, 3)), "1920 samples came for each tick"),
        (replace(GOOD, sound=count(AAC_S, -3)), "1920 samples came for each tick"),
        (replace(GOOD, behind_s=-1.1), "the ticks keep the clock's time"),
        (dropped(at_s=500.0), "the streamer sent each frame"),
        (replace(GOOD, counters={"output_frozen": 1}), "the output is never called black"),
        (heard(-0.021), "sound is within half a frame of its picture"),
        (replace(GOOD, verdicts=[]), "sound is within half a frame of its picture"),
        (heard(0.0, "freeze"), "jobs are spoken without a fault"),
        (replace(GOOD, posted=4), "each job came to an end"),
        (replace(GOOD, ends={"done": 2, "lost": 1}), "each job came to an end"),
        (replace(GOOD, died=["api"]), "no process ended by itself"),
        (replace(GOOD, lives=[lived(threads=12)]), "no descriptors"),
        (replace(GOOD, lives=[lived(mb=62.0)]), "memory grows by less than 1 % an hour"),
    ],
)  # fmt: skip
def test_a_goal_is_missed_by_what_it_is_about(found: Found, goal: str) -> None:
    assert missed(found) == [goal]


def test_what_was_lost_while_a_part_was_broken_is_excused_and_told() -> None:
    found = lacking(30, at_s=1003.0)
    assert missed(found) == []
    assert missed(dropped(at_s=1003.0)) == []


def test_a_job_on_air_while_the_stream_was_cut_may_have_faults() -> None:
    shaken = Verdict("c", 995.0, 1010.0, 0.0, ("missing",))
    assert missed(replace(GOOD, verdicts=[*GOOD.verdicts, shaken])) == []


def test_a_job_on_air_while_another_part_was_broken_may_have_faults_that_its_record_tells() -> None:
    shaken = Verdict("c", 1995.0, 2010.0, 0.0, ("missing",), is_degraded=True)
    assert missed(replace(GOOD, verdicts=[*GOOD.verdicts, shaken])) == []
    in_silence = replace(shaken, is_degraded=False)
    assert missed(replace(GOOD, verdicts=[in_silence])) == ["jobs are spoken without a fault"]
