"""A person's clip made ready once: pictures, landmarks, crop matrices, soft masks; named by content hash."""
