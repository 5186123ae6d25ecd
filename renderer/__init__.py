"""How it looks and sounds: text in, timed media out. Knows nothing of chat."""
