"""LatentSync 1.0: from sound and faces to speaking faces. Root, geometry, mask and mel need no torch."""
