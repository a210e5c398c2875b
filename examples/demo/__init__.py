"""The first thing to run: chats go in, receipts and memories come out."""
