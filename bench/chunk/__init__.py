"""What a chunk costs the LatentSync engine on a GPU, stage by stage: `python -m bench.chunk`."""
