import numpy as np

from latentsync.mask import face_mask, latent_mask


def test_the_model_draws_the_mouth_and_keeps_the_eyes() -> None:
    mask = face_mask()
    assert mask.shape == (256, 256)
    assert set(np.unique(mask)) == {0.0, 1.0}
    assert np.count_nonzero(mask == 0) == 26679
    assert mask[180, 128] == 0  # mouth
    assert mask[110, 128] == 1  # the nose's bridge
    assert mask[60, 128] == 1
    assert mask[95, 9] == 0  # the outline itself is drawn


def test_the_latent_mask_is_the_published_one() -> None:
    mask = latent_mask()
    assert mask.shape == (32, 32)
    assert mask.sum() == 602
    assert np.array_equal(mask, face_mask()[::8, ::8])
