"""The machine-learning backend of Label Studio: its projects get the model's answers while a reader works."""
