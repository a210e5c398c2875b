"""The parts of ``wrap``: read the chat, add the context to the prompt, send the turn."""
