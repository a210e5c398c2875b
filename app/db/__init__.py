"""All the SQL there is; what leaves is a dataclass."""
