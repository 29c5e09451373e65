"""The playout daemon: 25 frames a second and their sound, whatever happens. See `docs/streamer.md`."""
