"""What may be kept of people: secrets, personal data, erasure, and how long."""
