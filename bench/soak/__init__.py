"""Hours of jobs while parts are killed and frozen: `python -m bench.soak [hours] [--seed N] [--calm]`.

An installation of its own speaks with the made-up engine, and a player receives it all the while. Each packet
that comes is counted by its timestamp, and each job that aired is judged by the meter (`tests.meter`) from
the packets of the last minute: so nothing grows with the hours. What was lost while a part had been broken on
purpose is told apart from what was lost for no known reason, which should be nothing.
"""
