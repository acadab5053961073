"""Other exporters' series under our names: each mapping is a file that only those load who have that exporter."""
