"""Hard cases on their way to an expert and back: who is asked, the worklist, Label Studio."""
