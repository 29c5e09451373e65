"""The sizes of LatentSync 1.0's networks. A smaller model is `dataclasses.replace` of a part."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UNetConfig:
    """The denoising network.

    Attributes:
        in_channels: noisy latents 4, mask 1, latents of the masked face 4, latents of the face 4.
        out_channels: of the predicted noise.
        block_out_channels: one width a level, each a multiple of `groups` and of `heads`; every level but
            the last attends, and every level but the last halves height and width.
        layers_per_block: residual blocks a level going down; going up there is one more.
        heads: of every attention.
        audio_width: of one state of the sound.
        groups: of every GroupNorm.
    """

    in_channels: int = 13
    out_channels: int = 4
    block_out_channels: tuple[int, ...] = (320, 640, 1280, 1280)
    layers_per_block: int = 2
    heads: int = 8
    audio_width: int = 384
    groups: int = 32


@dataclass(frozen=True, slots=True)
class WhisperConfig:
    """The encoder that hears: Whisper-tiny's.

    Attributes:
        layers: transformer blocks.
        width: of a state.
        heads: of every attention.
        positions: states of one window of 30 s; a position is two mel frames.
        bands: of the log-mel spectrogram.
    """

    layers: int = 4
    width: int = 384
    heads: int = 6
    positions: int = 1500
    bands: int = 80


@dataclass(frozen=True, slots=True)
class VAEConfig:
    """The autoencoder between faces and latents: Stable Diffusion 1's.

    Attributes:
        block_out_channels: one width a level, each a multiple of `groups`; every level but the last halves
            height and width.
        layers_per_block: residual blocks a level going down; going up there is one more.
        latent_channels: of a latent picture.
        groups: of every GroupNorm.
        scaling: what the encoder's output is multiplied by to become latents.
    """

    block_out_channels: tuple[int, ...] = (128, 256, 512, 512)
    layers_per_block: int = 2
    latent_channels: int = 4
    groups: int = 32
    scaling: float = 0.18215


@dataclass(frozen=True, slots=True)
class SamplerConfig:
    """The noise schedule that the weights were trained with.

    Attributes:
        train_steps: timesteps of the whole schedule.
        beta_start: variance of the noise that the first of them adds.
        beta_end: of the last; between them the square roots lie on a line.
        steps_offset: added to each sampled timestep, so that the last one is 1.
        steps: sampled timesteps where nobody says otherwise.
    """

    train_steps: int = 1000
    beta_start: float = 0.00085
    beta_end: float = 0.012
    steps_offset: int = 1
    steps: int = 20


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """All of the model."""

    unet: UNetConfig = UNetConfig()
    whisper: WhisperConfig = WhisperConfig()
    vae: VAEConfig = VAEConfig()
    sampler: SamplerConfig = SamplerConfig()


LATENTSYNC_1_0 = ModelConfig()
"""The published model."""
