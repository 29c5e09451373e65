"""The parts of the meter (see `tests.meter`): marks in picture and sound, reading them back, judging them."""
