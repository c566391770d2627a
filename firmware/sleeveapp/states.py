"""States of the app, as the link and the record name them."""

BOOT, IDLE, DONNING, RUNNING, SAVING = range(5)
NAMES = ("boot", "idle", "donning", "running", "saving")
