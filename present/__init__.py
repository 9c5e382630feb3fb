"""Figures, wording, overlays and the film viewer: what people see, alike in every face."""
