"""One module for each figure that docs/benchmarks.md claims."""
