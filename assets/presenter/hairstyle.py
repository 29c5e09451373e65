"""How her hair lies: the curves it follows, from the parting at the top to the ends on the shoulders."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Fall:
    """Hair that falls from the parting between an inner and an outer guide, gathered into locks."""

    inner: tuple[tuple[float, float], ...]
    outer: tuple[tuple[float, float], ...]
    locks: int
    strands: int  # in each lock
    wave: float  # millimetres
    tone: float  # 1 is the hair's own colour
    seed: int
    loose: float = 0.8  # how far strands stray from their lock, millimetres
    reach: tuple[float, float] = (
        0.04,
        0.95,
    )  # the first and last lock, between inner (0) and outer (1) guide


# A curve's points read best in rows.
# fmt: off
LEFT = Fall(
    inner=(
        (23, -79), (6, -82), (-16, -76), (-38, -60), (-55, -36), (-64, -6),
        (-68, 26), (-67, 58), (-64, 90), (-68, 122), (-76, 150), (-72, 172),
    ),
    outer=(
        (14, -120), (-14, -124), (-46, -115), (-70, -94), (-85, -60), (-92, -18),
        (-96, 26), (-100, 66), (-106, 104), (-108, 138), (-100, 166), (-84, 184),
    ),
    locks=26, strands=70, wave=6.5, tone=0.94, seed=11,
)
RIGHT = Fall(
    inner=(
        (23, -79), (34, -75), (48, -58), (59, -34), (65, -6), (69, 26),
        (68, 58), (65, 90), (68, 118), (75, 142), (78, 162), (73, 178),
    ),
    outer=(
        (14, -120), (34, -119), (58, -106), (76, -82), (87, -48), (93, -8),
        (97, 34), (101, 72), (103, 106), (102, 138), (98, 164), (83, 186),
    ),
    locks=18, strands=70, wave=6.0, tone=0.90, seed=12,
)
LEFT_FRINGE = Fall(
    inner=(
        (22, -80), (4, -77), (-18, -67), (-38, -49), (-54, -22), (-62, 8),
        (-65, 40), (-63, 72), (-62, 100), (-68, 130), (-76, 154), (-74, 172),
    ),
    outer=(
        (18, -92), (-6, -96), (-32, -86), (-54, -66), (-68, -36), (-76, 0),
        (-80, 40), (-80, 80), (-82, 112), (-88, 140), (-92, 160), (-86, 180),
    ),
    locks=9, strands=54, wave=5.0, tone=1.08, seed=13,
)
RIGHT_FRINGE = Fall(
    inner=(
        (23, -80), (37, -73), (50, -54), (59, -26), (63, 2), (66, 32),
        (65, 62), (64, 92), (68, 120), (75, 144), (75, 168),
    ),
    outer=(
        (20, -94), (42, -90), (60, -68), (71, -36), (77, 0), (81, 36),
        (82, 72), (84, 104), (89, 132), (93, 154), (85, 178),
    ),
    locks=7, strands=54, wave=4.6, tone=1.0, seed=14,
)
BACK = (
    (0, -110), (50, -100), (80, -50), (88, 20), (90, 90), (84, 140),
    (62, 150), (40, 140), (0, 132), (-40, 142), (-62, 156), (-88, 150),
    (-94, 90), (-90, 20), (-80, -50), (-50, -100),
)
# fmt: on

FALLS = (RIGHT, LEFT, RIGHT_FRINGE, LEFT_FRINGE)  # from back to front
# Single hairs over all that: without them the hair looks like a helmet.
WISPS = (
    replace(LEFT, locks=16, strands=3, wave=7.0, tone=1.15, seed=21, loose=1.6, reach=(0.02, 0.94)),
    replace(RIGHT, locks=14, strands=3, wave=6.5, tone=1.05, seed=22, loose=1.6, reach=(0.02, 0.94)),
)
PARTING = ((22.8, -80.5), (20, -92), (17, -106), (14.5, -118))
