"""What can be wrong with what the model is given. Each text is a sentence for the person who gave it."""


class LatentSyncError(Exception):
    """The base of all errors of this package."""


class CheckpointError(LatentSyncError):
    """A weight file is missing, damaged, or not LatentSync 1.0's."""
