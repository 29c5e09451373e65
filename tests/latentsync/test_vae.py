import torch

from latentsync.vae import decode, encode, scaling
from tests.latentsync.drawn import draw
from tests.latentsync.models import TINY, tiny_lipsync


def test_latents_are_the_scaled_mean_and_always_the_same() -> None:
    vae, faces = tiny_lipsync().autoencoder, torch.from_numpy(draw("vae.faces", (2, 3, 256, 256)))
    with torch.inference_mode():
        latents = encode(vae, faces)
        mean = vae.encode(faces).latent_dist.mean
        assert latents.shape == (2, 4, 32, 32)
        assert torch.allclose(latents, mean * TINY.vae.scaling)
        assert torch.equal(latents, encode(vae, faces))


def test_decoding_undoes_the_scaling() -> None:
    vae, latents = tiny_lipsync().autoencoder, torch.from_numpy(draw("vae.latents", (1, 4, 32, 32)))
    with torch.inference_mode():
        faces = decode(vae, latents * scaling(vae))
        assert faces.shape == (1, 3, 256, 256)
        assert torch.allclose(faces, vae.decode(latents).sample, atol=1e-4)
