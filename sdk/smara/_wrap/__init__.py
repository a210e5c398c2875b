"""What gives an LLM client a memory: what is said in the prompt, heard from the model, and kept."""
