"""What is watched, as immutable values. The model knows no output format."""
