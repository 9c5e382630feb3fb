"""How a bundle lies on disk: its files, and the code beside its weights that loads them without this project."""
