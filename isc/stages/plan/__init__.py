"""What a run is asked for, what it would make, and what that costs."""
