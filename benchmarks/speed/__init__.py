"""Speed against what users would otherwise run: `python -m benchmarks.speed --help`."""
