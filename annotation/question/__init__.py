"""How a question to an expert is put: its keys, its form in Label Studio, and the words before the first film."""
