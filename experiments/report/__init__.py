"""Tables and plots from the results of runs."""
