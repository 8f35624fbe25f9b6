"""The paper's experiments: which systems are trained on a corpus, and the tables that compare them."""
