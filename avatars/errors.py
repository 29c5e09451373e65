"""What can be wrong with a clip or an avatar. Each text is a sentence for the person who gave the clip."""


class AvatarError(Exception):
    """The base of all errors of this package."""


class UnpreparedAvatarError(AvatarError):
    """The avatar is not in the avatars folder: the clip has yet to be prepared."""


class DamagedAvatarError(AvatarError):
    """The avatar's files do not fit its manifest."""


class RefusedClipError(AvatarError):
    """The clip cannot become an avatar."""


class PreparationError(AvatarError):
    """The clip may be good, but preparing it failed here: disk, memory, a missing program."""
