"""What an AI agent exports: the metric catalog."""
