"""One command to go on air: gets the servers, checks, starts every process, and says what to open."""
