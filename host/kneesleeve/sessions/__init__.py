"""Session files (docs/format.md): blocks, records, and what a run was. Modules of blocks and records need no NumPy."""
