"""How work is done and told: processes, the cluster, progress, the log."""
