"""The nouns of the reading room: frozen dataclasses, refusals, settings. Imports nothing of ours, nothing heavy."""
