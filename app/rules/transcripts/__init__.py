"""Transcripts: who says what, in texts and in turns."""
