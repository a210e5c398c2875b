"""Everything that is done to memories, or asked of them."""
