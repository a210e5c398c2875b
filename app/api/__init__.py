"""The HTTP shell: parse a request, call one use case, render its answer."""
