"""The outside world, in and out: videos, models, key logs, BIDS names, derivatives; nobody in analysis imports it."""
