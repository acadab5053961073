"""What the agents stand on: model servers, GPUs, the cluster, the scrapes. One module a subject."""
