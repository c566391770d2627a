"""One sleeve: where it is (`address`) and what it can be asked (`sleeve`)."""
