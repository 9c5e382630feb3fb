"""Parts of the Gradio front end, which runs on Hugging Face Spaces."""
