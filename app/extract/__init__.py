"""Turn a transcript into facts."""
