"""An engine with no weights: the sound's formants and energy move the avatar's own lips and jaw.

`docs/viseme.md` says how, and what it is not.
"""

from workers.engines.viseme.engine import VisemeEngine

__all__ = ["VisemeEngine"]
