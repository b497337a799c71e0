"""What participants agreed to, and what goes when they withdraw."""
