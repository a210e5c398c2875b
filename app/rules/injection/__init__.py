"""Find prompt injection: text that is addressed to the assistant, or hidden from people."""
