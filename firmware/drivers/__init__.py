"""One class per chip or part; buses, pins and clocks are passed in."""
