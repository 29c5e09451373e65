"""Whole installations of real processes, judged at the receiving end of the stream."""
