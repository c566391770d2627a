"""The page of a run: one self-contained HTML file that a runner understands and a coach can use."""
