"""What a second of stream costs, beside a bare ffmpeg: `python -m bench.streamer`.

In alternating rounds, on idle and while patches play: the streamer with its ffmpeg and pushers, and a bare
ffmpeg that is fed the same pictures and sound from memory, raw, at the same pace, with the same outputs.
What is compared is CPU time of all processes of each side; the servers behind them are not counted.
"""
