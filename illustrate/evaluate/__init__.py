"""Image and brief to scores and a verdict: `judge.judge`."""
