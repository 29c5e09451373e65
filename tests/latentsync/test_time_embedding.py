import math

import torch

from latentsync.time_embedding import sinusoid

CPU = torch.device("cpu")


def test_cosines_come_before_sines_and_slow_down() -> None:
    waves = sinusoid(951, 8, CPU)[0].tolist()
    angles = [951 / 10_000 ** (place / 4) for place in range(4)]
    right = [math.cos(angle) for angle in angles] + [math.sin(angle) for angle in angles]
    assert all(math.isclose(ours, theirs, abs_tol=1e-4) for ours, theirs in zip(waves, right, strict=True))


def test_the_first_timestep_is_all_cosine() -> None:
    assert sinusoid(0, 6, CPU).tolist() == [[1, 1, 1, 0, 0, 0]]


def test_a_timestep_in_a_tensor_is_the_same() -> None:
    assert torch.equal(sinusoid(torch.tensor(501), 320, CPU), sinusoid(501, 320, CPU))
