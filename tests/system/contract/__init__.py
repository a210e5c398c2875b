"""The public contract. "Rule 7", "§1.2" and "fault 3" are those of docs/reference/contract.md."""
