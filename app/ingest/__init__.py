"""The write path: a conversation becomes memories."""
