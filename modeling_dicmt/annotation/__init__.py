"""Records in bulk: shards of input that become shards of output, each whole or not there, each record exactly once."""
