"""Systems that are hurt, judged at the receiving end of the stream; `make faults` runs all at length."""
