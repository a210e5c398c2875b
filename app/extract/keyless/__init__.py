"""The extractor that needs no key: patterns for English, whole notes for other languages."""
