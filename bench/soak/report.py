"""What a soak found, as it is printed. Pure."""

from collections.abc import Iterator, Sequence

from bench.soak.counting import Trouble, total
from bench.soak.goals import Found, fairness, goals, listed
from bench.soak.lives import Life
from wire.media import FPS


def shown(found: Found) -> str:
    """Return all of it as text, goals last."""
    return "\n".join(
        [*_stream(found), "", *_troubles(found), "", *_table(found.lives), "", *_goals(found), ""]
    )


def _stream(found: Found) -> Iterator[str]:
    yield (
        f"{found.ticks} ticks; {found.pictures.packets} pictures came, "
        f"{found.pictures.missing_s * FPS:.0f} lacking; sound for {found.sound.span_s * FPS:.1f} ticks, "
        f"{found.samples_short:.0f} samples lacking"
    )
    offsets = [v.offset_s * 1000 for v in found.verdicts if v.offset_s is not None]
    if offsets:
        spread = f"{min(offsets):+.1f} to {max(offsets):+.1f} ms"
        yield f"sound to picture: {offsets[0]:+.1f} ms at first, {offsets[-1]:+.1f} ms at last, {spread}"
    yield f"{found.posted} jobs posted: {listed(found.ends)}"
    yield f"not accepted: {listed(found.refused) or 'none'}"
    yield f"the soak itself stood still for {found.still_s:.2f} s at most"
    yield f"the streamer counted: {listed(found.counters) or 'nothing'}"


def _troubles(found: Found) -> Iterator[str]:
    start_s = min((t.began_s for t in found.troubles), default=0.0)
    for trouble in found.troubles:
        lost = _lost_near(found, trouble) or "nothing lost"
        yield f"{trouble.began_s - start_s:7.0f} s  {trouble.what}: {lost}"
    yield f"the host took the processors in {len(found.stolen)} stretches, {found.stolen_s:.1f} s in all"
    for trouble in found.stolen:
        if lost := _lost_near(found, trouble):
            yield f"{trouble.began_s - start_s:7.0f} s  {trouble.what}: {lost}"
    for loss in found.unexplained:
        yield f"{loss.at_s - start_s:7.0f} s  for no known reason: {loss.what} {loss.amount:g}"


def _lost_near(found: Found, trouble: Trouble) -> str:
    near = [loss for loss in found.losses if trouble.explains(loss.at_s, loss.at_s)]
    return listed({what: round(total(near, what), 3) for what in sorted({loss.what for loss in near})})


def _table(lives: Sequence[Life]) -> Iterator[str]:
    yield f"{'':30}{'s':>8}{'MB':>8}{'% an hour':>11}{'descriptors':>13}{'threads':>12}{'children':>10}"
    for life in lives:
        growth = f"{life.growth:+.2f}" if life.is_judged else "–"
        yield f"{life.name:30}{life.span_s:8.0f}{life.mb:8.1f}{growth:>11}{_held(life)}"


def _held(life: Life) -> str:
    """Return what the process held at first and at last, as a part of its row."""
    first, last = life.samples[0], life.samples[-1]
    return (
        f"{f'{first.descriptors} → {last.descriptors}':>13}"
        f"{f'{first.threads} → {last.threads}':>12}"
        f"{f'{first.children} → {last.children}':>10}"
    )


def _goals(found: Found) -> Iterator[str]:
    for goal in (*goals(found), fairness(found)):
        yield f"{'met   ' if goal.is_met else 'MISSED'}  {goal.text}: {goal.found}"
