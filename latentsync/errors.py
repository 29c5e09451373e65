"""What can be wrong with what the model is given. Each text is a sentence for the person who gave it."""


class LatentSyncError(Exception):
    """The base of all errors of this package."""


class CheckpointError(LatentSyncError):
    """A weight file is missing, damaged, or not LatentSync 1.0's."""


class UnreadableSoundError(LatentSyncError):
    """A sound file is missing, empty, damaged, or no sound."""


class UnwritableFilmError(LatentSyncError):
    """A film cannot be written where it was asked for."""
