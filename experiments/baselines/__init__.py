"""Baselines that are no configuration of the network: adapters around well-kept libraries, and rules."""
