"""Bodies: closed surfaces of bones and soft parts, shaped by published measures."""
