"""The spoken sample, made with espeak-ng: `python -m assets.hello assets/hello.wav`."""

import argparse
import ctypes
import wave
from dataclasses import dataclass
from pathlib import Path

import espeakng_loader
import numpy as np
from numpy.typing import NDArray

# [[ ]] holds espeak phonemes: left to itself the voice reads "live" as in "to live".
TEXT = (
    "Hello, and welcome! I am a digital presenter, on air with Latent Sync [[l'aIv]]. "
    "Send me your voice, and I will speak it here."
)
VOICE = "en-us+f3"
WORDS_A_MINUTE = 168
PITCH = 54  # 0..99; 50 is the voice's own
PITCH_RANGE = 62  # 0..99; livelier than the 50 of the default
PEAK = 0.7  # of full scale
SEED = 1  # of the voice's breath, so that the same text gives the same samples

# Values of speak_lib.h, the library's C interface.
AUDIO_OUTPUT_SYNCHRONOUS = 2
RATE, PITCH_PARAMETER, RANGE = 1, 3, 4
POS_CHARACTER = 1
TEXT_IS_UTF8_WITH_PHONEMES = 1 | 0x100
EE_OK = 0

Samples = NDArray[np.int16]
RECEIVER = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class SpeechError(RuntimeError):
    """espeak-ng refused a call."""


@dataclass(frozen=True, slots=True)
class Speech:
    """Mono sound: `samples` are `(n,)` int16 at `rate` samples a second."""

    samples: Samples
    rate: int


def speak(text: str, voice: str = VOICE) -> Speech:
    """Say `text` with espeak-ng.

    Raises:
        SpeechError: the library could not start, knows no such voice, or could not speak.
    """
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    data = espeakng_loader.get_data_path().encode()
    rate = library.espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, data, 0)
    if rate <= 0:
        raise SpeechError(f"espeak-ng could not start with its data in {data.decode()}")
    library.espeak_ng_SetRandSeed(SEED)
    try:
        _choose_voice(library, voice)
        return Speech(_synthesise(library, text), rate)
    finally:
        library.espeak_Terminate()


def _choose_voice(library: ctypes.CDLL, voice: str) -> None:
    if library.espeak_SetVoiceByName(voice.encode()) != EE_OK:
        raise SpeechError(f"espeak-ng has no voice named {voice}")
    for parameter, value in ((RATE, WORDS_A_MINUTE), (PITCH_PARAMETER, PITCH), (RANGE, PITCH_RANGE)):
        library.espeak_SetParameter(parameter, value, 0)


def _synthesise(library: ctypes.CDLL, text: str) -> Samples:
    parts: list[Samples] = []

    def receive(address: int | None, count: int, _events: int | None) -> int:
        if address and count:
            parts.append(np.frombuffer(ctypes.string_at(address, count * 2), "<i2").copy())
        return 0

    callback = RECEIVER(receive)  # kept in a name: ctypes does not hold it
    library.espeak_SetSynthCallback(callback)
    spoken = text.encode()
    size = ctypes.c_size_t(len(spoken) + 1)
    status = library.espeak_Synth(spoken, size, 0, POS_CHARACTER, 0, TEXT_IS_UTF8_WITH_PHONEMES, None, None)
    if status != EE_OK or not parts:
        raise SpeechError(f"espeak-ng could not speak (status {status})")
    return np.concatenate(parts)


def level(speech: Speech, peak: float = PEAK) -> Speech:
    """Scale the sound so that its loudest sample lies at `peak` of full scale."""
    loudest = int(np.abs(speech.samples.astype(np.int32)).max())
    scaled = speech.samples * (peak * 32767 / max(loudest, 1))
    return Speech(np.round(scaled).astype(np.int16), speech.rate)


def write_wav(path: Path, speech: Speech) -> None:
    """Write 16-bit mono PCM."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(speech.rate)
        file.writeframes(speech.samples.astype("<i2").tobytes())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m assets.hello", description=__doc__)
    parser.add_argument("wav", type=Path, help="the file to write")
    write_wav(parser.parse_args().wav, level(speak(TEXT)))


if __name__ == "__main__":
    main()
