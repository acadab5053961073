"""What the systems around an agent export: one catalog an exporter, with the version that it describes."""
