"""What can be set on a sleeve: the table of parameters, values as people write them, whole configurations."""
