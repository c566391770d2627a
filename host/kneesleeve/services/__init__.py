"""What the verbs do, without a terminal: each takes values and returns values."""
