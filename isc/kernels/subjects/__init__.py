"""A number a subject or a dyad: leave-one-out and matrices, quickly and, where samples are missing, exactly."""
