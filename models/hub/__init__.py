"""Bundles on the Hugging Face Hub: what is sent, what is fetched, and what transformers runs beside the weights."""
