"""The sleeve's app: sampling, recording, console and the states that tie them together."""

BUILD = "0.1.0"
