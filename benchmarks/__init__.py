"""Speed, with a floor beside every figure. Run by `make bench`."""
