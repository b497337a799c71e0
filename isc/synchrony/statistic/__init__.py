"""The statistic itself: estimator, summary, groups, lag, windows."""
