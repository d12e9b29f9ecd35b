"""Conversations in OpenAI's shape, with audio in them."""
