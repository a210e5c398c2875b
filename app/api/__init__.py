"""The HTTP shell: input in, one call, answer out."""
