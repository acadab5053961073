"""Where a contract comes from, and how it is held: what programs really export, beside what was agreed."""
