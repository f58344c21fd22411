"""Who of those that wait gets what of the cluster, and who has to make room."""
