"""JSON Schemas of every kind of document that is generated."""
