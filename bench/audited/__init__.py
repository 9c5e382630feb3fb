"""What `bench.audit` measures, a file a section."""
