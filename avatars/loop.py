"""Which frame of a clip shows at a place on an endless timeline: there and back again. Pure."""


def period(frames: int) -> int:
    """Return after how many positions a clip repeats: `2 * frames - 2`, or 1 for a single frame.

    Raises:
        ValueError: the clip has no frame.
    """
    if frames < 1:
        raise ValueError(f"a clip has 1 frame or more, not {frames}")
    return max(1, 2 * frames - 2)


def there_and_back(position: int, frames: int) -> int:
    """Return the clip frame shown at `position` of a channel's timeline: 0 … n-1, back n-2 … 1, and again.

    The two ends show once a turn, so that the movement never stands still for two frames. Any integer is a
    position, negative ones too.

    Raises:
        ValueError: the clip has no frame.
    """
    turn = position % period(frames)
    return turn if turn < frames else period(frames) - turn
