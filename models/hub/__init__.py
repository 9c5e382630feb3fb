"""What transformers runs beside the weights of a bundle (models.files.beside)."""
