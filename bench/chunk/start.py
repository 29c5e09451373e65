"""`python -m bench.chunk.start`: from a fresh process to a LatentSync engine that is warm.

Once with no compiled kernels in the cache, then with those of the time before. The weights are random, of
full size, and read from a folder as `make checkpoints` lays it. Python's own files lie in the disk's cache.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import torch

from latentsync.config import LATENTSYNC_1_0
from latentsync.lipsync import UNET, VAE, WHISPER
from latentsync.unet import UNet
from latentsync.vae import make_vae
from latentsync.whisper import WhisperEncoder

COLD_GOAL_S, WARM_GOAL_S, WARM_TIMES = 30.0, 15.0, 3
IMPORT = "from workers.engines.latentsync import LatentSyncEngine"
WORK = f"{IMPORT}; LatentSyncEngine().warm_up(); print('warm', flush=True)"


def main() -> int:
    """Measure and print; return 0 if both goals are met."""
    if not torch.cuda.is_available():
        sys.exit("There is no CUDA device here, and this measures nothing else.")
    with TemporaryDirectory() as name:
        folder = Path(name)
        lay_weights(folder)
        environment = os.environ | {
            "LIVE_CHECKPOINTS_FOLDER": name,
            "TRITON_CACHE_DIR": str(folder / "kernels"),
        }
        import_once(environment)
        cold = start_s(environment)
        warm = [start_s(environment) for _ in range(WARM_TIMES)]
    sys.stdout.write(
        f"{torch.cuda.get_device_name()}, torch {torch.__version__}: start to warm\n"
        f"{cold:.1f} s without compiled kernels, goal {COLD_GOAL_S:.0f}\n"
        f"{median(warm):.1f} s with them ({min(warm):.1f} to {max(warm):.1f}), goal {WARM_GOAL_S:.0f}\n"
    )
    return 0 if cold <= COLD_GOAL_S and median(warm) <= WARM_GOAL_S else 1


def lay_weights(folder: Path) -> None:
    """Write random weights of full size."""
    (folder / WHISPER).parent.mkdir()
    torch.save({"state_dict": UNet(LATENTSYNC_1_0.unet).state_dict()}, folder / UNET)
    encoder = WhisperEncoder(LATENTSYNC_1_0.whisper).state_dict()
    torch.save({"model_state_dict": {f"encoder.{name}": encoder[name] for name in encoder}}, folder / WHISPER)
    make_vae(LATENTSYNC_1_0.vae).save_pretrained(folder / VAE)


def import_once(environment: Mapping[str, str]) -> None:
    """Have Python's files read, which takes long once after the machine's start."""
    subprocess.run([sys.executable, "-c", IMPORT], env=environment, check=True)


def start_s(environment: Mapping[str, str]) -> float:
    """Return how long a process takes until its engine is warm."""
    began = time.monotonic()
    with subprocess.Popen([sys.executable, "-c", WORK], env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout
        said = process.stdout.readline()
        taken = time.monotonic() - began
    if not said:
        raise RuntimeError("an engine did not become warm; its own words are above")
    return taken


if __name__ == "__main__":
    sys.exit(main())
