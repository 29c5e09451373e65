"""What grows or leaks over a process's life is told; what is loaded while it gets warm is not."""

from dataclasses import replace

import pytest

from bench.soak.lives import JUDGED_JOBS, JUDGED_S, WARM_JOBS, WARM_S, Life, Sample, life, longest

EACH_S = 5.0


def lived(seconds: float, mb_an_hour: float = 0.0, descriptors: int = 0) -> list[Sample]:
    """Return samples of a process that grows steadily, and has more and more descriptors."""
    moments = [i * EACH_S for i in range(int(seconds / EACH_S) + 1)]
    return [
        Sample(t, 100 + mb_an_hour * t / 3600, 10 + int(descriptors * t / seconds), 3, 1) for t in moments
    ]


def test_growth_is_told_in_per_cent_of_the_mean_and_hour() -> None:
    assert Life("streamer", lived(3600)).growth == pytest.approx(0)
    assert Life("streamer", lived(3600, mb_an_hour=2)).growth == pytest.approx(100 * 2 / 101)


def test_a_peak_that_passes_is_no_growth() -> None:
    samples = lived(3600)
    for i in range(len(samples) // 2, len(samples)):
        if i % 2:
            samples[i] = Sample(samples[i].at_s, 200.0, 10, 3, 1)
    assert Life("streamer", samples).growth == pytest.approx(0)


def test_what_is_loaded_at_the_begin_is_no_growth() -> None:
    cold = [Sample(i * EACH_S, 10.0, 10, 3, 1) for i in range(int(WARM_S / EACH_S))]
    warm = [Sample(WARM_S + s.at_s, s.mb, s.descriptors, s.threads, s.children) for s in lived(3000)]
    found = life("streamer", cold + warm)
    assert found.growth == pytest.approx(0)
    assert found.samples[0].at_s == WARM_S


def test_growth_counts_that_is_more_than_heaps_sway_by() -> None:
    assert Life("streamer", lived(3600, mb_an_hour=2)).grows
    assert not Life("streamer", lived(3600, mb_an_hour=0.9)).grows, "less than 1 %"
    small = [replace(sample, mb=sample.mb / 40) for sample in lived(3600, mb_an_hour=30)]
    assert not Life("broker", small).grows, "less than 1 MB"


def test_a_short_life_is_not_judged_by_its_growth() -> None:
    assert not life("streamer", lived(WARM_S - EACH_S)).is_judged
    assert not life("streamer", lived(WARM_S + JUDGED_S - EACH_S)).is_judged
    assert life("streamer", lived(WARM_S + JUDGED_S)).is_judged


def test_a_descriptor_now_and_then_is_a_leak_and_one_that_comes_and_goes_is_none() -> None:
    assert Life("api", lived(3600, descriptors=12)).leaks() == ["descriptors"]
    assert Life("api", lived(3600)).leaks() == []
    swaying = [Sample(s.at_s, s.mb, 10 + i // 10 % 10, 3, 1) for i, s in enumerate(lived(1200))]
    assert Life("api", swaying).leaks() == []
    assert Life("api", lived(JUDGED_S - EACH_S, descriptors=12)).leaks() == []


def test_threads_that_a_pool_starts_late_are_no_leak_and_more_of_them_are() -> None:
    for more, leaks in ((2, []), (6, ["threads"])):
        later = [replace(s, threads=3 + more * (s.at_s > 1800)) for s in lived(3600)]
        assert Life("api", later).leaks() == leaks


def spoken(jobs: int, left: float, cold: int = 0) -> list[Sample]:
    """Return samples of a process for which each job leaves descriptors behind, and the first one `cold`."""
    return [Sample(float(n), 60.0, 10 + cold * (n > 0) + int(left * n), 3, 1, n) for n in range(jobs + 1)]


def test_what_each_job_leaves_behind_is_a_leak_however_short_the_life() -> None:
    assert Life("streamer", spoken(14, left=1.0)).leaks() == ["descriptors"]
    assert Life("streamer", spoken(14, left=0.0, cold=20)).leaks() == []
    assert Life("streamer", spoken(WARM_JOBS + JUDGED_JOBS - 1, left=1.0)).leaks() == [], "too few to tell"


def test_of_those_that_had_a_name_the_one_that_lived_longest_is_told() -> None:
    short, long, other = (Life(name, lived(s)) for name, s in (("a", 60), ("a", 300), ("b", 20)))
    assert longest([other, short, long]) == [long, other]
