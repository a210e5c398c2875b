"""The rules: pure functions, standard library only, numbers and times as arguments."""
